using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections.Features;

namespace OrleansInference.Gateway.OpenAI.Streaming;

/// <summary>
/// An answer's body that can end short of its last chunk, by which HTTP itself says that it is not whole. The chunks of HTTP/1.1 are
/// written here, because the server ends every body with the last one unless an exception reaches it, which it logs as an error of the
/// gateway's own.
/// </summary>
internal sealed class BreakableBody
{
    private const int HeadBytes = 2 * sizeof(int) + 2;

    private readonly HttpContext _context;
    private readonly PipeWriter _output;
    private readonly bool _hasChunks;

    public BreakableBody(HttpContext context)
    {
        (_context, _output) = (context, context.Response.BodyWriter);
        // HTTP/1.0 has none, and HTTP/2 frames of its own.
        _hasChunks = HttpProtocol.IsHttp11(context.Request.Protocol);
        if (_hasChunks)
            context.Response.Headers.TransferEncoding = "chunked";
    }

    /// <param name="bytes">Not empty.</param>
    public ValueTask<FlushResult> WriteAsync(ReadOnlySpan<byte> bytes, CancellationToken cancellation)
    {
        if (_hasChunks)
            WriteHead(bytes.Length);
        _output.Write(bytes);
        if (_hasChunks)
            _output.Write("\r\n"u8);
        return _output.FlushAsync(cancellation);
    }

    /// <summary>The body is whole.</summary>
    public async ValueTask EndAsync(CancellationToken cancellation)
    {
        if (_hasChunks)
            _output.Write("0\r\n\r\n"u8);
        await _output.FlushAsync(cancellation);
    }

    /// <summary>
    /// The body is not whole. In chunks, what was written still arrives, and then the connection ends; elsewhere it is reset, and the last
    /// of what was written may be lost with it.
    /// </summary>
    public void BreakOff()
    {
        if (_hasChunks && _context.Features.Get<IConnectionLifetimeNotificationFeature>() is { } connection)
            connection.RequestClose();
        else
            _context.Abort();
    }

    private void WriteHead(int length)
    {
        var head = _output.GetSpan(HeadBytes);
        length.TryFormat(head, out var digits, "X", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(head[digits..]);
        _output.Advance(digits + 2);
    }
}

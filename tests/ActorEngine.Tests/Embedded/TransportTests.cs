using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using OrleansInference.ActorEngine.Tests.Grains;
using OrleansInference.Embedded.Hosting;
using OrleansInference.Embedded.Membership;
using OrleansInference.Embedded.Transport;

namespace OrleansInference.ActorEngine.Tests.Embedded;

public sealed class TransportTests
{
    private const int MaximumBytes = 1_000_000;

    [Fact]
    public void Frames_WhenCutAnywhere_AreReadWholeAndInOrder() => Prop.ForAll(
        ArbMap.Default.ArbFor<byte[][]>(), ArbMap.Default.ArbFor<PositiveInt>(), (bodies, pieceBytes) =>
        {
            var pipe = new Pipe();
            foreach (var body in bodies)
                FrameCodec.Write(pipe.Writer, FrameKind.Request, body);
            pipe.Writer.Complete();
            var bytes = Drain(pipe.Reader);
            var read = new List<byte[]>();
            for (var end = 0; end < bytes.Length;)
            {
                end = Math.Min(bytes.Length, end + pieceBytes.Get);
                var rest = new ReadOnlySequence<byte>(bytes, Consumed(read), end - Consumed(read));
                while (FrameCodec.TryRead(ref rest, MaximumBytes, out var kind, out var body))
                {
                    kind.ShouldBe(FrameKind.Request);
                    read.Add(body.ToArray());
                }
            }
            read.ShouldBe(bodies);
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(-1, (byte)FrameKind.Ping)]
    [InlineData(MaximumBytes + 1, (byte)FrameKind.Ping)]
    [InlineData(0, 0)]
    [InlineData(0, 200)]
    public void Frame_WhenItsHeaderIsImpossible_IsRefused(int length, byte kind)
    {
        var header = new byte[FrameCodec.HeaderBytes];
        BitConverter.TryWriteBytes(header, length);
        header[4] = kind;
        var buffer = new ReadOnlySequence<byte>(header);
        Should.Throw<InvalidDataException>(() => FrameCodec.TryRead(ref buffer, MaximumBytes, out _, out _));
    }

    [Theory]
    [InlineData(new byte[] { 0, 0, 0, 0, (byte)FrameKind.Ping })]
    [InlineData(new byte[] { 3, 0, 0, 0, (byte)FrameKind.Hello, 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 127, (byte)FrameKind.Hello })]
    public async Task Connection_WhenItDoesNotSaySensiblyWhoSpeaks_IsClosedAndTheSiloLivesOn(byte[] sent)
    {
        using var folder = new TemporaryFolder();
        await using var silo = await ClientHost.StartAsync(folder.Path);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(silo.Get<IClusterMembership>().Self.Socket));
        await socket.SendAsync(sent);
        (await socket.ReceiveAsync(new byte[1]).WaitAsync(TestTime.Limit)).ShouldBe(0);
        await using var other = await ClientHost.StartAsync(folder.Path, "other");
        await TestTime.UntilAsync(() => silo.Get<IClusterMembership>().Members.Count == 2, "the other member");
    }

    [Fact]
    public async Task Message_WhenLargerThanAllowed_FailsItsCallAndNoOther()
    {
        await using var cluster = ClusterFixture.Build(1, (_, silo) => silo.Configure<SiloMessagingOptions>(
            messaging => messaging.MaxMessageBodySize = MaximumBytes));
        cluster.Options.ClientHostConfigurationDelegates.Add(client => client.UseOrleans(silo => silo.Configure<SiloMessagingOptions>(
            messaging => messaging.MaxMessageBodySize = MaximumBytes)));
        await cluster.DeployAsync();
        var grain = cluster.Client.GetGrain<ICalculatorGrain>("x");

        // Some just fit as a payload, but not with the head that goes before it.
        for (var length = MaximumBytes - 200; length < MaximumBytes + 100; length += 10)
        {
            try
            {
                (await grain.ChangeAsync(new Order { Lines = { new string('x', length) } })).Lines.Count.ShouldBe(2);
            }
            catch (Exception e) when (e is InvalidOperationException or OrleansException)
            {
                e.Message.ShouldContain($"{MaximumBytes:N0}");
            }
        }
        (await grain.AddAsync(1, 2)).ShouldBe(3);
    }

    [Fact]
    public async Task Answers_WhenUnreadAsTheirSiloStopsInOrder_ReachTheirCallers()
    {
        using var folder = new TemporaryFolder();
        await using var client = await ClientHost.StartAsync(
            folder.Path, configure: builder => builder.Services.AddSingleton<TimeProvider>(new ManualTime()));
        Task<HeldAnswer> first;
        Task<int> second;
        await using (await ClientHost.StartAsync(folder.Path, "silo", MakeSilo))
        {
            await client.UntilSilosAsync(1);
            first = client.Client.GetGrain<IHeldGrain>("first").HoldAsync();
            await HeldAnswer.Reading.Reached;
            second = client.Client.GetGrain<IHeldGrain>("second").AnswerAsync(folder.Path);
            await Gate.Of(folder.Path).Reached;
            Gate.Of(folder.Path).Open();
        }
        await client.Get<IClusterMembership>().RefreshAsync();
        client.Get<IClusterMembership>().Members.ShouldHaveSingleItem();

        HeldAnswer.Reading.Open();

        (await first.WaitAsync(TestTime.Limit)).Value.ShouldBe(1);
        (await second.WaitAsync(TestTime.Limit)).ShouldBe(2);
    }

    private static void MakeSilo(ISiloBuilder builder) => builder.Configure<EmbeddedClusterOptions>(options => options.IsClient = false);

    private static int Consumed(List<byte[]> read) => read.Sum(body => body.Length + FrameCodec.HeaderBytes);

    private static byte[] Drain(PipeReader reader) =>
        reader.TryRead(out var result) ? result.Buffer.ToArray() : [];
}

using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Orleans;
using Orleans.Runtime;
using Orleans.Storage;
using OrleansInference.Embedded.Membership;

namespace OrleansInference.Embedded.Storage;

/// <summary>States of grains as JSON files of a folder, one for each state of each grain, replaced whole.</summary>
internal sealed class FileGrainStorage(string folder, TimeProvider time) : IGrainStorage
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(30);

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, IncludeFields = true };

    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        Apply(await Task.Run(() => Read<T>(PathOf(stateName, grainId), grainId)), grainState);

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        // Taken down at once: the grain may go on to change its state.
        var record = new Record<T>(grainId.ToString(), Guid.NewGuid().ToString("N"), grainState.State);
        var content = JsonSerializer.SerializeToUtf8Bytes(record, Json);
        return ReplaceAsync(stateName, grainId, grainState, path =>
        {
            AtomicFile.Write(path, content);
            grainState.ETag = record.Etag;
            grainState.RecordExists = true;
        });
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        ReplaceAsync(stateName, grainId, grainState, path =>
        {
            File.Delete(path);
            Apply(null, grainState);
        });

    private Task ReplaceAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, Action<string> replace)
    {
        // Known when the content was: a write under way changes it, and content older than what that writes would pass for newer.
        var known = grainState.ETag;
        return Task.Run(async () =>
        {
            System.IO.Directory.CreateDirectory(folder);
            using var held = await FileLock.AcquireAsync(Path.Combine(folder, "storage.lock"), LockTimeout, time, CancellationToken.None);
            var path = PathOf(stateName, grainId);
            var stored = Read<T>(path, grainId)?.Etag;
            if (stored != known)
                throw new InconsistentStateException(
                    $"The state \"{stateName}\" of grain {grainId} was written by somebody else since it was read.", stored, known);
            replace(path);
        });
    }

    private static void Apply<T>(Record<T>? record, IGrainState<T> grainState)
    {
        grainState.State = record is null ? default : record.State;
        grainState.ETag = record?.Etag;
        grainState.RecordExists = record is not null;
    }

    private static Record<T>? Read<T>(string path, GrainId grainId)
    {
        try
        {
            var record = JsonSerializer.Deserialize<Record<T>>(File.ReadAllBytes(path), Json);
            return record is { Etag: not null } && record.Grain == grainId.ToString()
                ? record
                : throw new JsonException($"It is not a state of grain {grainId}.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new OrleansException(
                $"The state file {path} of grain {grainId} is damaged: {e.Message} "
                + "Restore it from a backup, or remove it to start anew.",
                e);
        }
    }

    private string PathOf(string stateName, GrainId grainId)
    {
        // Readable as far as file names go, and never the same for two grains.
        var readable = new string([.. grainId.ToString().Take(60).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '_')]);
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{stateName}\n{grainId}")));
        return Path.Combine(folder, $"{readable}.{hash[..32]}.json");
    }

    private sealed record Record<T>(string Grain, string Etag, T? State);
}

using Skerry.Blocks.Log;

namespace Skerry.Blocks.Tests.Log;

/// <summary>Past the cache or through it: whoever reads a file finds what was written to it last.</summary>
public sealed class DirectWritesTests
{
    private const int Blocks = 600, Block = 4096;

    [Theory]
    [InlineData(null)]
    [InlineData("/dev/shm")]
    public void Writes_past_the_cache_and_through_it_are_read_as_they_were_written(string? parent)
    {
        var directory = parent is null || !Directory.Exists(parent)
            ? Directory.CreateTempSubdirectory("skerry-direct-")
            : Directory.CreateDirectory(Path.Combine(parent, $"skerry-direct-{Guid.NewGuid():n}"));
        try
        {
            const int seed = 7;
            var random = new Random(seed);
            using var storage = new DirectoryStorage(directory.FullName);
            using var one = storage.Create("one", Blocks * Block);
            using var other = storage.Create("other", Blocks * Block);
            IBackingFile[] files = [one, other];
            var expected = new[] { new byte[Blocks * Block], new byte[Blocks * Block] };
            for (var step = 0; step < 120; step++)
            {
                var which = random.Next(2);
                var (file, content) = (files[which], expected[which]);
                var first = random.Next(Blocks);
                var count = random.Next(1, Blocks - first + 1);
                var bytes = new byte[count * Block];
                random.NextBytes(bytes);
                bytes.CopyTo(content, first * Block);

                // As a record is: a header, and data of several writers.
                var cut = random.Next(bytes.Length);
                ReadOnlyMemory<byte>[] parts = [bytes.AsMemory(0, cut), bytes.AsMemory(cut)];
                if (random.Next(2) == 0)
                {
                    file.WritePast(first * Block, parts);
                }
                else
                {
                    file.Write(first * Block, parts);
                }

                if (step == 60)
                {
                    storage.Rename("one", "renamed");
                }

                var from = random.Next(Blocks * Block);
                var read = new byte[random.Next(1, (Blocks * Block) - from + 1)];
                file.Read(from, read);
                Assert.True(content.AsSpan(from, read.Length).SequenceEqual(read), $"seed {seed}, step {step}");
            }

            one.Sync();
            Assert.Equal(expected[0], File.ReadAllBytes(Path.Combine(directory.FullName, "renamed")));
            Assert.Equal(expected[1], File.ReadAllBytes(Path.Combine(directory.FullName, "other")));
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }
}

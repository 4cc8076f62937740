using System.Net.Http.Headers;

namespace Skerry.Sync.Transport.WebSockets;

/// <summary>Posts to a site that is no peer yet, over TLS with this site's certificate, to the server with the pinned one alone.</summary>
public sealed class JoinDialer(SiteCertificate certificate, TimeSpan timeout)
{
    /// <summary>The answer's status and its body, which the caller reads to the end and disposes.</summary>
    /// <exception cref="PeerUnreachableException">It cannot be reached, or has another certificate.</exception>
    public async ValueTask<(int StatusCode, Stream Body)> PostAsync(
        string address, string certificatePin, string path, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        string? seen = null;
        var client = new HttpMessageInvoker(PeerDialer.Handler(certificate, timeout, pin =>
        {
            seen = pin;
            return pin == certificatePin;
        }));
        try
        {
            using var content = new ReadOnlyMemoryContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"https://{address}{path}")) { Content = content };
            var response = await client.SendAsync(request, limit.Token);
            var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
            return ((int)response.StatusCode, new OwningStream(stream, response, client));
        }
        catch (Exception failure)
        {
            client.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw PeerDialer.Explain(address, path, seen, seen is not null && seen != certificatePin, null, failure);
        }
    }

    /// <summary>Keeps the connection for as long as its body is read.</summary>
    private sealed class OwningStream(Stream inner, HttpResponseMessage response, HttpMessageInvoker client) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            inner.ReadAsync(buffer, cancellationToken);

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            inner.ReadAsync(buffer, offset, count, cancellationToken);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
                response.Dispose();
                client.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}

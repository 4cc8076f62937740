using System.Buffers.Binary;

namespace Skerry.Blocks.Nbd;

/// <summary>
/// Option haggling of the fixed newstyle handshake, up to a client that enters transmission or goes. It reads exactly what the
/// protocol says is there, so that not a byte of the next phase is lost.
/// </summary>
/// <remarks>
/// It holds at most one lease: that of the export last named, so that "info" and then "go" see the same device. It runs on the
/// connection's own thread, which is why waiting for <see cref="INbdExports"/> may block.
/// </remarks>
/// <param name="socket">The client.</param>
/// <param name="peer">What is known of it.</param>
/// <param name="server">What all connections share.</param>
/// <param name="onTurnedAway">Told of each refusal, with the export's label where there is one.</param>
/// <param name="cancel">Ends the wait for exports.</param>
internal sealed class Handshake(ClientSocket socket, NbdPeer peer, ServerParts server, Action<string?, string> onTurnedAway, CancellationToken cancel)
{
    /// <summary>The longest option that a sane client sends is a few strings of 4 KiB.</summary>
    private const int MaxOptionBytes = 64 * 1024;

    /// <summary>More are a client in a loop, or one that guesses names.</summary>
    private const int MaxOptions = 128;

    /// <summary>Each costs work and room in every block status; the protocol lets a server select fewer than were asked for.</summary>
    private const int MaxContexts = 16;

    private readonly OptionReplies _replies = new(socket);
    private byte[] _data = [];
    private string? _leaseName;
    private NbdExport? _lease;
    private bool _structured;
    private string? _contextsFor;
    private List<MetaContext.Selected> _contexts = [];
    private NbdPeer _peer = peer;
    private bool _sendZeroes;
    private bool _isToldOfTls;

    private enum Next
    {
        Haggle,
        Transmit,
        End,
    }

    /// <summary>
    /// The lease and what was agreed, for the caller to dispose, with a place taken in the export's <see cref="ExportSlots"/>; null when the
    /// client ended or was turned away.
    /// </summary>
    public (NbdExport Export, Agreement Agreed)? Run()
    {
        Next next = Greet() ? Next.Haggle : Next.End;
        try
        {
            for (int options = 0; next == Next.Haggle; options++)
            {
                next = options < MaxOptions ? TakeOption() : Next.End;
            }
        }
        catch
        {
            DropLease();
            throw;
        }

        if (next == Next.Transmit)
        {
            return (_lease!, new(_structured, _structured && _contextsFor == _leaseName ? _contexts : []));
        }

        DropLease();
        return null;
    }

    private bool Greet()
    {
        Span<byte> greeting = stackalloc byte[18];
        BinaryPrimitives.WriteUInt64BigEndian(greeting, Protocol.InitMagic);
        BinaryPrimitives.WriteUInt64BigEndian(greeting[8..], Protocol.OptionMagic);
        BinaryPrimitives.WriteUInt16BigEndian(greeting[16..], (ushort)(HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes));
        Span<byte> answer = stackalloc byte[4];
        if (!socket.Send(greeting) || !socket.ReceiveExactly(answer))
        {
            return false;
        }

        uint flags = BinaryPrimitives.ReadUInt32BigEndian(answer);
        _sendZeroes = (flags & (uint)HandshakeFlags.NoZeroes) == 0;
        return (flags & ~(uint)(HandshakeFlags.FixedNewstyle | HandshakeFlags.NoZeroes)) == 0 || SpeaksNonsense();
    }

    private Next TakeOption()
    {
        Span<byte> header = stackalloc byte[Protocol.OptionHeaderBytes];
        if (!socket.ReceiveExactly(header))
        {
            return Next.End;
        }

        if (BinaryPrimitives.ReadUInt64BigEndian(header) != Protocol.OptionMagic)
        {
            SpeaksNonsense();
            return Next.End;
        }

        uint option = BinaryPrimitives.ReadUInt32BigEndian(header[8..]);
        uint dataBytes = BinaryPrimitives.ReadUInt32BigEndian(header[12..]);
        if (dataBytes > MaxOptionBytes)
        {
            return Next.End;
        }

        _data = new byte[dataBytes];
        if (!socket.ReceiveExactly(_data))
        {
            return Next.End;
        }

        _replies.Begin(option);
        if (server.Tls is { IsRequired: true } && !_peer.IsEncrypted && (OptionKind)option is not (OptionKind.StartTls or OptionKind.Abort))
        {
            if (!_isToldOfTls)
            {
                _isToldOfTls = true;
                onTurnedAway(null, "it did not begin with TLS, which is required");
            }

            // The oldest option has no way to say no but to hang up.
            return (OptionKind)option == OptionKind.ExportName
                ? Next.End
                : Continue(_replies.Send(OptionReply.TlsRequired, "This server speaks TLS only; use an nbds:// URI."));
        }

        return (OptionKind)option switch
        {
            OptionKind.ExportName => EnterByName(),
            OptionKind.Abort => Abort(),
            OptionKind.List => Continue(List()),
            OptionKind.StartTls => StartTls(),
            OptionKind.Info => Describe(isGo: false),
            OptionKind.Go => Describe(isGo: true),
            OptionKind.StructuredReply => Continue(AgreeStructured()),
            OptionKind.ListMetaContext => Continue(Contexts(isSet: false)),
            OptionKind.SetMetaContext => Continue(Contexts(isSet: true)),
            _ => Continue(_replies.Send(OptionReply.Unsupported, "This server does not know the option.")),
        };
    }

    private Next StartTls()
    {
        if (server.Tls is null)
        {
            return Continue(_replies.Send(OptionReply.Unsupported, "This server has no TLS; connect without, over loopback or a trusted network."));
        }

        if (_data.Length > 0 || _peer.IsEncrypted)
        {
            return Continue(_replies.Send(OptionReply.Invalid, _peer.IsEncrypted ? "TLS was started already." : "STARTTLS takes no data."));
        }

        if (!_replies.Send(OptionReply.Ack) || !socket.StartTls(server.Tls, reason => onTurnedAway(null, reason)))
        {
            return Next.End;
        }

        // Whatever was agreed so far, anybody on the way may have said: it is as if it had not been.
        DropLease();
        _structured = false;
        _contextsFor = null;
        _contexts = [];
        _peer = _peer with { IsEncrypted = true, Certificate = socket.ClientCertificate };
        return Next.Haggle;
    }

    private Next Abort()
    {
        // The client may be gone already; either way the session ends.
        _replies.Send(OptionReply.Ack);
        return Next.End;
    }

    private static Next Continue(bool sent) => sent ? Next.Haggle : Next.End;

    private Next EnterByName()
    {
        // This oldest option has no way to say no but to hang up.
        if (!OptionData.TryDecode(_data, out string name) || Open(name) is not { } export)
        {
            TellUnknown();
            return Next.End;
        }

        if (!server.Slots.TryEnter(export.Label))
        {
            onTurnedAway(export.Label, TooMany);
            return Next.End;
        }

        byte[] answer = new byte[_sendZeroes ? 134 : 10];
        BinaryPrimitives.WriteInt64BigEndian(answer, export.Device.SizeBytes);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(8), (ushort)Flags(export));
        return Enter(socket.Send(answer), export);
    }

    private Next Describe(bool isGo)
    {
        if (!OptionData.TryParseInfo(_data, out string name, out HashSet<InfoKind> asked))
        {
            return Continue(_replies.Send(OptionReply.Invalid, "The option's data is malformed."));
        }

        if (Open(name) is not { } export)
        {
            return Continue(RefuseUnknown());
        }

        if (isGo && !server.Slots.TryEnter(export.Label))
        {
            onTurnedAway(export.Label, TooMany);
            return Continue(_replies.Send(
                OptionReply.Policy, $"{export.Label} has {server.Options.MaxConnectionsPerExport} connections, the most that one may have; close one."));
        }

        _replies.AddExport(export.Device.SizeBytes, Flags(export));
        if (asked.Contains(InfoKind.BlockSize))
        {
            _replies.AddBlockSize(minimumBytes: 1, IBlockDevice.BlockSize, Protocol.MaxPayloadBytes);
        }

        if (asked.Contains(InfoKind.Name))
        {
            _replies.AddInfo(InfoKind.Name, name);
        }

        if (asked.Contains(InfoKind.Description) && export.Description is { } description)
        {
            _replies.AddInfo(InfoKind.Description, description);
        }

        bool sent = _replies.Send(OptionReply.Ack);
        return isGo ? Enter(sent, export) : Continue(sent);
    }

    /// <summary>The place that was taken is the caller's from here on, or given back.</summary>
    private Next Enter(bool sent, NbdExport export)
    {
        if (!sent)
        {
            server.Slots.Leave(export.Label);
        }

        return sent ? Next.Transmit : Next.End;
    }

    private bool List()
    {
        if (_data.Length > 0)
        {
            return _replies.Send(OptionReply.Invalid, "A list takes no data.");
        }

        foreach (NbdListing listing in Wait(server.Exports.ListAsync(_peer, cancel)))
        {
            _replies.AddServer(listing);
        }

        return _replies.Send(OptionReply.Ack);
    }

    private bool AgreeStructured()
    {
        if (_data.Length > 0)
        {
            return _replies.Send(OptionReply.Invalid, "Structured replies take no data.");
        }

        _structured = true;
        return _replies.Send(OptionReply.Ack);
    }

    private bool Contexts(bool isSet)
    {
        if (isSet)
        {
            // Even a request that fails replaces what was selected before.
            _contextsFor = null;
            _contexts = [];
        }

        if (!_structured)
        {
            return _replies.Send(OptionReply.Invalid, "Agree on structured replies first.");
        }

        if (!OptionData.TryParseContexts(_data, out string name, out List<string> queries))
        {
            return _replies.Send(OptionReply.Invalid, "The option's data is malformed.");
        }

        if (Open(name) is not { } export)
        {
            return RefuseUnknown();
        }

        uint lastId = 0;
        foreach (MetaContext context in MetaContext.Of(export))
        {
            lastId++;
            if (!(!isSet && queries.Count == 0) && !queries.Exists(query => context.Matches(query, isList: !isSet)))
            {
                continue;
            }

            if (isSet && _contexts.Count == MaxContexts)
            {
                break;
            }

            _replies.AddMetaContext(isSet ? lastId : 0, context.Name);
            if (isSet)
            {
                _contexts.Add(new(lastId, context));
                _contextsFor = name;
            }
        }

        return _replies.Send(OptionReply.Ack);
    }

    private string TooMany => $"it would be one more than the {server.Options.MaxConnectionsPerExport} connections that one export may have";

    private bool RefuseUnknown()
    {
        TellUnknown();
        return _replies.Send(OptionReply.Unknown, "No such export here. Its name may have been void since the volume was detached; ask for a new connection.");
    }

    /// <summary>A name is a secret, so it is not told.</summary>
    private void TellUnknown() => onTurnedAway(
        null, $"it named no export that is open to it now{(_peer.Certificate is { } certificate ? $"; its certificate is that of {certificate.CommonName}" : "")}");

    /// <returns>False.</returns>
    private bool SpeaksNonsense()
    {
        onTurnedAway(null, "it does not speak NBD");
        return false;
    }

    private TransmissionFlags Flags(NbdExport export)
    {
        TransmissionFlags flags =
            TransmissionFlags.HasFlags | TransmissionFlags.SendFlush | TransmissionFlags.SendFua | TransmissionFlags.CanMultiConn | TransmissionFlags.SendCache;
        flags |= export.RefusesWrites
            ? TransmissionFlags.ReadOnly
            : TransmissionFlags.SendTrim | TransmissionFlags.SendWriteZeroes | TransmissionFlags.SendFastZero;
        return _structured ? flags | TransmissionFlags.SendDontFragment : flags;
    }

    private NbdExport? Open(string name)
    {
        if (_lease is not null && _leaseName == name && !_lease.Revoked.IsCancellationRequested)
        {
            return _lease;
        }

        DropLease();
        _lease = Wait(server.Exports.OpenAsync(name, _peer, cancel));
        _leaseName = _lease is null ? null : name;
        return _lease;
    }

    private void DropLease()
    {
        if (_lease is { } lease)
        {
            _lease = null;
            _leaseName = null;
            ValueTask disposal = lease.DisposeAsync();
            if (!disposal.IsCompletedSuccessfully)
            {
                disposal.AsTask().GetAwaiter().GetResult();
            }
        }
    }

    private static T Wait<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.Result : task.AsTask().GetAwaiter().GetResult();
}

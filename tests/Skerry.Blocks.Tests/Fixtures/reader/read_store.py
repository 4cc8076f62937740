#!/usr/bin/env python3
"""Reads a block store by docs/formats/volume.md alone, and shares no code with it: what it cannot tell is missing there.

Usage: read_store.py DIRECTORY. Prints, as JSON, for each volume and snapshot the SHA-256 over its blocks that are not all zeroes, each as
its number (u64) and its 4096 bytes. A key in holder.pem opens encrypted volumes.
"""
import hashlib, hmac, json, os, struct, sys

BLOCK = 4096
TABLE = []
for value in range(256):
    for _ in range(8):
        value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
    TABLE.append(value)


def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value = TABLE[(value ^ byte) & 255] ^ value >> 8
    return value ^ 0xFFFFFFFF


def require(true, message):
    if not true:
        raise SystemExit("damaged or not understood: " + message)


class Fields:
    """Takes one field after the other."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def bytes(self, count):
        self.at += count
        require(self.at <= len(self.data), "a field beyond the end")
        return self.data[self.at - count:self.at]

    def take(self, kind):
        return struct.unpack("<" + kind, self.bytes(struct.calcsize("<" + kind)))[0]

    def text(self):
        length = shift = 0
        while True:
            byte = self.take("B")
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return self.bytes(length).decode()

    def blob(self):
        return self.bytes(self.take("i"))

    def lineage(self):
        last = self.take("q")
        return {"last": last, "runs": [self.bytes(24) for _ in range(self.take("i"))]}

    def forks(self):
        return [self.bytes(24) for _ in range(self.take("i"))]

    def places(self):
        moved = {}
        for _ in range(self.take("i")):
            segment, pack, first, as_bits, count = (self.take(kind) for kind in "qqi?i")
            if as_bits:
                words = [self.take("Q") for _ in range(count)]
                kept = [i * 64 + bit for i, word in enumerate(words) for bit in range(64) if word >> bit & 1]
            else:
                kept = [self.take("i") for _ in range(count)]
            moved[segment] = (pack, {block: first + rank for rank, block in enumerate(kept)})
        return moved


class Volume:
    def __init__(self, name, size, blocks=None, lineage=None, properties=None):
        self.name, self.size, self.blocks = name, size, blocks if blocks is not None else {}
        self.lineage = lineage or {"last": 0, "runs": []}
        self.properties, self.snapshots = properties or {}, {}


class Store:
    def __init__(self, directory):
        self.directory, self.cache, self.sums, self.seals, self.nodes = directory, {}, {}, {}, {}
        data = self.read("store", 0, 24)
        require(data[:4] == b"SYKS" and crc(data[:20]) == struct.unpack_from("<I", data, 20)[0], "store")
        version, self.segment_bytes, self.id = struct.unpack_from("<iiQ", data, 4)
        require(version == 1, "version of store")
        self.segment_blocks = self.segment_bytes // BLOCK
        self.load_checkpoint()
        self.replay()

    def read(self, name, at, count):
        if name not in self.cache:
            with open(os.path.join(self.directory, name), "rb") as file:
                self.cache[name] = file.read()
        return self.cache[name][at:at + count].ljust(count, b"\0")

    def load_checkpoint(self):
        data, at, number, last = b"", 0, 0, 0
        while not last:
            header = self.read("checkpoint", at, 24)
            found, length, last, body_crc = struct.unpack_from("<iiiI", header, 4)
            body = self.read("checkpoint", at + 24, length)
            require(header[:4] == b"SYKC" and found == number and crc(body) == body_crc, "checkpoint")
            require(crc(header[:20]) == struct.unpack_from("<I", header, 20)[0], "checkpoint's chunk")
            data, at, number = data + body, at + 24 + length, number + 1
        fields = Fields(data)
        require(fields.take("i") == 2 and fields.take("Q") == self.id, "checkpoint's version or store")
        self.sequence, self.opening, self.segment, self.block = (fields.take(kind) for kind in "qQqi")
        self.next_segment, _ = fields.take("q"), fields.take("I")
        self.first_map, self.last_map = fields.take("q"), fields.take("q")
        fields.bytes(24)
        sections = {}
        for _ in range(fields.take("i")):
            name = fields.text()
            sections[name] = fields.blob()
        self.moved = Fields(sections["places"]).places()
        self.volumes = {}
        for _ in range(fields.take("i")):
            ordinal, name, size, _, _ = fields.take("I"), fields.text(), fields.take("q"), fields.take("?"), fields.take("q")
            lineage, _ = fields.lineage(), fields.forks()
            properties = {}
            for _ in range(fields.take("i")):
                key = fields.text()
                properties[key] = fields.blob()
            volume = Volume(name, size, self.load_map(fields), lineage, properties)
            for _ in range(fields.take("i")):
                snapshot, _, size = fields.text(), fields.take("q"), fields.take("q")
                lineage, _ = fields.lineage(), fields.forks()
                volume.snapshots[snapshot] = Volume(snapshot, size, self.load_map(fields), lineage)
            self.volumes[ordinal] = volume

    def load_map(self, fields):
        count, root, blocks = fields.take("q"), fields.take("Q"), {}
        self.load_node(root, 0, None, blocks)
        require(sum(place > 2 for place in blocks.values()) == count, "count of a map's data blocks")
        return blocks

    def load_node(self, address, first, level, blocks):
        number, at = address >> 40, address & (1 << 40) - 1
        require(self.first_map <= number <= self.last_map, "address")
        name = "%016d.map" % number
        header = self.read(name, 0, 32)
        require(header[:4] == b"SYKM" and struct.unpack_from("<iQq", header, 4) == (2, self.id, number), name)
        require(crc(header[:28]) == struct.unpack_from("<I", header, 28)[0], name)
        stored, length, own = struct.unpack("<IiQ", self.read(name, at, 16))
        node = self.read(name, at, length)
        require(own == address and crc(node[4:]) == stored, "node")
        if node[16] == 1:
            require(level in (None, 0), "level of a leaf")
            self.load_leaf(node, first, blocks)
            return
        require(node[16] == 2 and level in (None, node[17]), "kind or level of a node")
        fields, index, span = Fields(node[32:]), 0, 128 ** node[17]
        while index < 128:
            kind, times = fields.take("B"), fields.take("B")
            child = {0: "", 1: "Qq", 2: "BQqQq", 3: "Q"}[kind]
            values = [fields.take(field) for field in child]
            for _ in range(times):
                begin = first + index * span
                if kind == 1:
                    self.put_run(blocks, begin, span, values[0])
                elif kind == 2:
                    self.put_run(blocks, begin, values[0], values[1])
                    self.put_run(blocks, begin + values[0], 128 - values[0], values[3])
                elif kind == 3:
                    self.load_node(values[0], begin, node[17] - 1, blocks)
                index += 1

    @staticmethod
    def load_leaf(node, first, blocks):
        shift, words = node[17], node[18]
        base_segment, _, low, high = struct.unpack_from("<qqQQ", node, 32)
        starts = [i for i in range(128) if (high << 64 | low) >> i & 1]
        for rank, start in enumerate(starts):
            word = struct.unpack_from("<Q", node, 64 + 8 * words * rank)[0]
            place = word
            if words == 1:
                place = word >> 32
                if place >= 3:
                    place -= 3
                    place = (base_segment + (place >> shift)) << 24 | place & (1 << shift) - 1
            end = starts[rank + 1] if rank + 1 < len(starts) else 128
            Store.put_run(blocks, first + start, end - start, place)

    @staticmethod
    def put_run(blocks, first, count, place):
        if place < 2:
            for block in range(first, first + count) if count < len(blocks) else [b for b in blocks if first <= b < first + count]:
                blocks.pop(block, None)
            return
        for i in range(count):
            blocks[first + i] = place + i if place > 2 else 2

    def header(self, segment, block):
        if block >= self.segment_blocks:
            return None
        name = "%016d.segment" % segment
        fixed = self.read(name, block * BLOCK, 80)
        own, number, at, headers, data, entries, sequence, durable, opening, prior = struct.unpack_from("<QqiiiiqqQQ", fixed, 8)
        if fixed[:4] != b"SYKR" or (own, number, at) != (self.id, segment, block) or headers < 1:
            return None
        whole = self.read(name, block * BLOCK, headers * BLOCK)
        if crc(whole[:76] + b"\0\0\0\0" + whole[80:]) != struct.unpack_from("<I", whole, 76)[0]:
            return None
        require(struct.unpack_from("<H", whole, 4)[0] == 1, "version of a record")
        return {"sequence": sequence, "opening": opening, "prior": prior, "headers": headers, "data": data, "entries": whole[80:80 + entries]}

    def replay(self):
        names = os.listdir(self.directory)
        later = sorted((int(n[:16]) for n in names if n.endswith(".segment") and int(n[:16]) > self.segment), reverse=True)
        firsts = [(segment, header) for segment in later if (header := self.header(segment, 0))]
        sequence, opening, segment, block = self.sequence, self.opening, self.segment, self.block
        while True:
            found = [(s, 0, h) for s, h in firsts if h["sequence"] == sequence + 1 and h["prior"] == opening]
            here = self.header(segment, block) if segment else None
            if here and here["sequence"] == sequence + 1 and opening in (here["opening"], here["prior"]):
                found.append((segment, block, here))
            found += [(s, 0, h) for s, h in firsts if h["sequence"] == sequence + 1 and h["opening"] == opening]
            if not found:
                break
            segment, block, header = found[0]
            if not self.apply(segment, block, header):
                break
            sequence, opening, block = sequence + 1, header["opening"], block + header["headers"] + header["data"]
        known = [struct.unpack("<QqQI", self.read("durable", at, 28)) for at in (0, 512)]
        require(any(id == self.id and number <= sequence for id, number, _, _ in known), "the log ends before what was durable")

    def apply(self, segment, block, header):
        entries, at = Fields(header["entries"]), block + header["headers"]
        writes = []
        while entries.at < len(entries.data):
            kind, flags = entries.take("B"), entries.take("B")
            entries.bytes(2)
            if kind == 3:
                writes.append((3, Fields(entries.blob())))
                continue
            ordinal, number, first = (entries.take(field) for field in "Iqq")
            if kind == 2:
                require(flags & ~3 == 0, "flags")
                writes.append((2, ordinal, number, first, entries.take("q"), flags))
                continue
            require(kind == 1 and flags & ~5 == 0, "kind or flags of an entry")
            count = entries.take("I")
            sums = [entries.take("I") for _ in range(count)]
            for i in range(count):
                if crc(self.read("%016d.segment" % segment, (at + i) * BLOCK, BLOCK)) != sums[i]:
                    return False
                self.sums[segment, at + i] = sums[i]
            if flags & 4:
                salt, counter = entries.bytes(12), entries.take("I")
                for i in range(count):
                    self.seals[segment, at + i] = salt + struct.pack("<I", (counter + i) % 2 ** 32) + entries.bytes(16)
            writes.append((1, ordinal, number, first, count, flags, segment << 24 | at))
            at += count
        for write in writes:
            if write[0] == 3:
                self.change(write[1])
                continue
            volume = self.volumes[write[1]]
            self.put_run(volume.blocks, write[3], write[4], write[6] if write[0] == 1 else 0)
            if not write[5] & 1:
                volume.lineage["last"] = write[2]
        return True

    def change(self, fields):
        ordinal, kind = fields.take("I"), fields.take("B")
        volume = self.volumes.get(ordinal)
        if kind in (1, 12):
            self.volumes[ordinal] = Volume(fields.text(), fields.take("q"))
            if kind == 12:
                self.volumes[ordinal].properties["encryption"] = fields.blob()
        elif kind == 2:
            name, source = fields.text(), self.volumes[fields.take("I")]
            of = source.snapshots[fields.text()] if fields.take("?") else source
            key = {k: v for k, v in source.properties.items() if k == "encryption"}
            self.volumes[ordinal] = Volume(name, of.size, dict(of.blocks), dict(of.lineage), key)
        elif kind == 3:
            del self.volumes[ordinal]
        elif kind == 4:
            volume.lineage["runs"] = volume.lineage["runs"] + [fields.bytes(24)]
        elif kind == 5:
            volume.size = fields.take("q")
        elif kind == 6:
            name, present, value = fields.text(), fields.take("?"), fields.blob()
            volume.properties.pop(name, None)
            if present:
                volume.properties[name] = value
        elif kind == 7:
            volume.snapshots[fields.text()] = Volume("", volume.size, dict(volume.blocks), dict(volume.lineage))
        elif kind == 8:
            del volume.snapshots[fields.text()]
        elif kind == 9:
            snapshot = volume.snapshots[fields.text()]
            volume.blocks, volume.lineage = dict(snapshot.blocks), dict(snapshot.lineage)
        elif kind == 10:
            volume.lineage = fields.lineage()
        elif kind == 11:
            self.moved.update(Fields(fields.blob()).places())
        else:
            require(False, "change of kind %d" % kind)

    def sum_page(self, file, at):
        page = self.read("%016d.sums" % file, at, BLOCK)
        require(crc(struct.pack("<Qqq", self.id, file, at) + page[:-4]) == struct.unpack("<I", page[-4:])[0], "page of sums")
        return page

    def block_at(self, place, key, number):
        require(place > 2, "a lost block")
        segment, block = place >> 24, place & (1 << 24) - 1
        file, extension, at = segment, "segment", block
        if segment in self.moved:
            (file, kept), extension = self.moved[segment], "pack"
            at = kept[block]
        data = self.read("%016d.%s" % (file, extension), at * BLOCK, BLOCK)
        logged = extension == "segment" and (file, at) in self.sums
        expected = self.sums[file, at] if logged else struct.unpack_from("<I", self.sum_page(file, at // 1023 * BLOCK), at % 1023 * 4)[0]
        require(crc(data) == expected, "block %d of %d.%s" % (at, file, extension))
        if not key:
            return data
        behind = (self.segment_blocks + 1022) // 1023 * BLOCK
        seal = self.seals[file, at] if logged else self.sum_page(file, behind + at // 127 * BLOCK)[at % 127 * 32:at % 127 * 32 + 32]
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        subkey = hkdf(key, seal[:12], b"skerry block 1", 32)
        return AESGCM(subkey).decrypt(seal[12:16] + bytes(8), data + seal[16:], struct.pack("<q", number))

    def digest(self, disk, key):
        digest = hashlib.sha256()
        for number in sorted(disk.blocks):
            data = self.block_at(disk.blocks[number], key, number)
            if number * BLOCK < disk.size and any(data):
                digest.update(struct.pack("<Q", number) + data)
        return digest.hexdigest()


def hkdf(secret, salt, info, count):
    """With SHA-256, and no more bytes than one block of it."""
    extracted = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")[:count]


def unwrap(wrapped, pem):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    holder = serialization.load_pem_private_key(pem, None)
    public = holder.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    require(len(wrapped) == 146 and wrapped[0] == 1 and wrapped[17:33] == hashlib.sha256(public).digest()[:16], "wrapped key")
    agreed = holder.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), wrapped[33:98]))
    key = AESGCM(hkdf(agreed, b"", b"skerry volume key wrap 1", 32)).decrypt(b"skerry wrap1", wrapped[98:], wrapped[:98])
    require(hkdf(key, b"", b"skerry volume key id", 16) == wrapped[1:17], "id of a key")
    return key


def main(directory):
    store = Store(directory)
    result = {}
    for volume in store.volumes.values():
        key = None
        if "encryption" in volume.properties:
            with open(os.path.join(directory, "holder.pem"), "rb") as file:
                key = unwrap(volume.properties["encryption"], file.read())
        result[volume.name] = {
            "size_bytes": volume.size,
            "last_number": volume.lineage["last"],
            "runs": len(volume.lineage["runs"]),
            "sha256": store.digest(volume, key),
            "snapshots": {name: store.digest(snapshot, key) for name, snapshot in volume.snapshots.items()},
        }
    print(json.dumps(result, indent=2))


main(sys.argv[1])

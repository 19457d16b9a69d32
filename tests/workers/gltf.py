"""A GLB as plain Python: positions, indices, textures; and what a closed mesh is."""

import json
import struct


class Glb:
    def __init__(self, data):
        magic, version, size = struct.unpack_from("<4sII", data)
        assert (magic, version, size) == (b"glTF", 2, len(data))
        length, kind = struct.unpack_from("<I4s", data, 12)
        assert kind == b"JSON" and length % 4 == 0
        self.json = json.loads(data[20:20 + length])
        self.bin = data[28 + length:]
        primitive = self.json["meshes"][0]["primitives"][0]
        self.positions = self.vectors(primitive["attributes"]["POSITION"], 3)
        self.normals = self.vectors(primitive["attributes"]["NORMAL"], 3)
        self.uv = self.vectors(primitive["attributes"]["TEXCOORD_0"], 2)
        accessor = self.json["accessors"][primitive["indices"]]
        code = {5123: "H", 5125: "I"}[accessor["componentType"]]
        self.indices = struct.unpack_from(f"<{accessor['count']}{code}", self.view(accessor["bufferView"]))

    def view(self, index):
        view = self.json["bufferViews"][index]
        return self.bin[view.get("byteOffset", 0):][:view["byteLength"]]

    def vectors(self, index, width):
        accessor = self.json["accessors"][index]
        assert accessor["componentType"] == 5126
        return list(struct.iter_unpack(f"<{width}f", self.view(accessor["bufferView"])))

    @property
    def triangles(self):
        return len(self.indices) // 3

    def welded(self):
        """Triangles by place: vertices that seams have split are one again."""
        places = {}
        ids = [places.setdefault(p, len(places)) for p in self.positions]
        return [tuple(ids[i] for i in self.indices[t:t + 3]) for t in range(0, len(self.indices), 3)]

    def open_edges(self):
        """Directed edges that have not exactly one triangle on each side."""
        seen = {}
        for a, b, c in self.welded():
            for edge in ((a, b), (b, c), (c, a)):
                seen[edge] = seen.get(edge, 0) + 1
        return [e for e, n in seen.items() if n != 1 or seen.get((e[1], e[0])) != 1]

    def volume(self):
        """Positive when the triangles face outwards."""
        total = 0
        for t in range(0, len(self.indices), 3):
            (ax, ay, az), (bx, by, bz), (cx, cy, cz) = (self.positions[i] for i in self.indices[t:t + 3])
            total += ax * (by * cz - bz * cy) + ay * (bz * cx - bx * cz) + az * (bx * cy - by * cx)
        return total / 6

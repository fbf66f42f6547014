import Foundation
import Tensors

/// The safetensors format: the length of a header as uint64, the header as JSON (type, shape and place of every tensor),
/// then the elements, little-endian and row-major.
enum SafetensorsCheckpoint {
    private struct Header: Decodable {
        var dtype: String?
        var shape: [Int]?
        var data_offsets: [Int]?
    }

    private static let largestHeader = 1 << 25

    private static let types: [String: ElementType] = [
        "F64": .float64, "F32": .float32, "F16": .float16, "BF16": .bfloat16, "I64": .int64, "I32": .int32,
        "I16": .int16, "I8": .int8, "U64": .uint64, "U32": .uint32, "U16": .uint16, "U8": .uint8, "BOOL": .bool,
    ]

    static func read(_ file: Data, name: String) throws(TrainingError) -> [Checkpoint.Entry] {
        var reader = ByteReader(file, name: name)
        let length = try reader.length(bytes: 8)
        let json = try reader.data(length)
        guard length <= largestHeader, let headers = try? JSONDecoder().decode([String: Header].self, from: json)
        else { throw .damagedCheckpoint(path: name, reason: "its header is not what a .safetensors file has") }
        let content = try reader.data(reader.remaining)
        var budget = CheckpointBudget(name: name, fileSize: file.count)
        var entries: [(start: Int, entry: Checkpoint.Entry)] = []
        for (key, header) in headers where key != "__metadata__" {
            guard let code = header.dtype, let type = types[code], let shape = header.shape,
                let place = header.data_offsets, place.count == 2, place[0] >= 0, place[0] <= place[1],
                place[1] <= content.count
            else {
                throw .damagedCheckpoint(path: name, reason: "\(key) has an unknown type, or a place outside the file")
            }
            try budget.take(place[1] - place[0])
            let bytes = Data(content.dropFirst(place[0]).prefix(place[1] - place[0]))
            do {
                let tensor = try AnyTensor(elementType: type, shape: Shape(shape), bytes: bytes)
                entries.append((place[0], .init(name: key, tensor: tensor)))
            } catch { throw .tensor(error) }
        }
        guard !entries.isEmpty else { throw .noTensors(path: name) }
        return entries.sorted { ($0.start, $0.entry.name) < ($1.start, $1.entry.name) }.map(\.entry)
    }
}

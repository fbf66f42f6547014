import Explanations
import Foundation
public import Imaging
import Tensors

/// Writes explanations of volumes into a folder, each file whole or not at all.
public struct VolumeFiles: Sendable {
    private var files: ExplanationFiles

    /// Files of these formats in a folder: the figure of slices, the raw numbers, the record.
    public init(
        folder: String, formats: Set<ExplanationFiles.Format> = Set(ExplanationFiles.Format.allCases)
    ) {
        files = ExplanationFiles(folder: folder, formats: formats)
    }

    /// Makes the folder; fails before any work is done where it cannot be written.
    public func makeFolder() throws(ReportError) { try files.makeFolder() }

    /// Writes an explanation's files and returns the record with their paths.
    ///
    /// The archive holds `raw`, `map` `[d, h, w]`, `volume-map` `[D, H, W]`, `score` and the method's further arrays.
    public mutating func write(
        _ explanation: VolumeExplanation, _ slices: SliceOverlay, record: VolumeRecord
    ) throws -> VolumeRecord {
        var record = record
        // A folder's name may end in a slash.
        let name = record.volume.count == 1 ? URL(fileURLWithPath: record.volume[0]).path : "stack"
        let stem = files.claim(image: name, subject: record.subject, label: explanation.method.label)
        record.files = files.files(stem: stem)
        let figure =
            files.formats.contains(.png) ? try explanation.figure(slices, model: record.model).draw() : nil
        var arrays = explanation.companions.mapValues { AnyTensor($0) }
        arrays["raw"] = AnyTensor(explanation.raw)
        arrays["map"] = AnyTensor(explanation.map)
        arrays["volume-map"] = AnyTensor(explanation.laidMap)
        arrays["score"] = AnyTensor(Tensor(Float(explanation.score)))
        try files.write(stem: stem, figure: figure, arrays: arrays, record: record)
        return record
    }
}

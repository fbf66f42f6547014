import Foundation

/// What a model's file says about its pictures in its metadata, as Ultralytics' exports do.
struct PictureMetadata {
    /// What the model is for: `detect`, `segment`, `classify`, …
    let task: String
    /// The height and width that it was exported for.
    let size: [Int]?

    /// Nil where the file says nothing that is known.
    init?(_ metadata: [String: String]) {
        let isNamed = metadata["author"]?.lowercased().contains("ultralytics") == true
        guard let task = metadata["task"], isNamed || (metadata["stride"] != nil && metadata["names"] != nil) else {
            return nil
        }
        self.task = task
        let sides = (metadata["imgsz"] ?? "").split { !$0.isNumber }.compactMap { Int($0) }
        switch sides.count {
        case 1: size = [sides[0], sides[0]]
        case 2: size = sides
        default: size = nil
        }
    }

    /// Whether the model judges the middle of a picture, as its training cut it out.
    var isClassifier: Bool { task == "classify" }
}

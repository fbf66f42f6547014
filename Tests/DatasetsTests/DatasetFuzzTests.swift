import Datasets
import Foundation
import Tensors
import TestSupport
import Testing

/// Damaged files: each ends in a data set whose entries keep their promises, or in an error; never in a crash.
@Suite struct DatasetFuzzTests {
    private static let csv = """
        file,class,width,height,xmin,ymin,xmax,ymax,mask,difficult
        a.jpg,472,227,200,9.08,105.93,50.39,176.76,,0
        "a.jpg",3,227,200,0,0,"227",200,m.png,1
        "b.jpg","a ""b"", c",,,1,2,3e0,4,,
        """
    private static let jsonl = """
        {"file": "a.jpg", "class": 472, "xmin": 1.5, "ymin": 2, "xmax": 10, "ymax": 20, "width": 227, "height": 200}
        {"image": "b.jpg", "label": "cat \\u00e9", "mask": "m.png", "difficult": true, "more": [1, {"a": null}]}
        """

    @Test(arguments: [
        ("list.csv", csv), ("list.jsonl", jsonl), ("instances.json", COCOTests.instances),
        ("2007_000027.xml", PascalVOCTests.annotation),
    ])
    func damagedFiles(name: String, text: String) throws {
        let folder = try DatasetFolder(
            pictures: ["a.jpg", "b.jpg", "m.png", "000000397133.jpg", "2007_000027.jpg"])
        var random = SeededGenerator(seed: 20)
        var read = 0
        for _ in 0..<10_000 {
            try folder.write(Data(text.utf8).mutated(using: &random), to: name)
            guard let dataset = try? folder.dataset(name) else { continue }
            read += 1
            for entry in dataset.entries {
                #expect(entry.image.hasSuffix(".jpg"))
                for box in entry.boxes {
                    #expect(0 <= box.left && box.left < box.right && 0 <= box.top && box.top < box.bottom)
                    #expect(box.right <= entry.annotatedSize.map { Double($0.width) } ?? 1e6)
                }
            }
        }
        // Most damage breaks one entry, not the file; where it would break all of it, the test would look at nothing.
        #expect(read > 500)
    }
}

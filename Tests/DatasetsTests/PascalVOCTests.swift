import Datasets
import Foundation
import Testing

@Suite struct PascalVOCTests {
    /// As VOC 2012 writes it, with the parts of a person.
    static let annotation = """
        <?xml version="1.0" encoding="UTF-8"?>
        <annotation>
            <folder>VOC2012</folder>
            <filename>2007_000027.jpg</filename>
            <size><width>486</width><height>500</height><depth>3</depth></size>
            <segmented>1</segmented>
            <object>
                <name>person</name><pose>Unspecified</pose><truncated>0</truncated><difficult>0</difficult>
                <bndbox><xmin>174</xmin><ymin>101</ymin><xmax>349</xmax><ymax>351</ymax></bndbox>
                <part><name>head</name><bndbox><xmin>169</xmin><ymin>104</ymin><xmax>209</xmax><ymax>146</ymax></bndbox></part>
            </object>
            <object>
                <name>dog</name><difficult>1</difficult>
                <bndbox><xmin>1</xmin><ymin>1</ymin><xmax>486</xmax><ymax>500</ymax></bndbox>
            </object>
            <object>
                <name>person</name>
                <bndbox><xmin>10.5</xmin><ymin>20</ymin><xmax>10.5</xmax><ymax>20</ymax></bndbox>
            </object>
        </annotation>
        """

    /// VOC's box of one pixel has equal ends; the first pixel is 1.
    private func entries(image: String, mask: (Set<Int>) -> AnnotatedMask?) -> [DatasetEntry] {
        let size = PixelSize(width: 486, height: 500)
        return [
            DatasetEntry(
                image: image, label: .name("person"),
                boxes: [
                    AnnotatedBox(label: .name("person"), left: 173, top: 100, right: 349, bottom: 351),
                    AnnotatedBox(label: .name("person"), left: 9.5, top: 19, right: 10.5, bottom: 20),
                ], mask: mask([15]), annotatedSize: size),
            DatasetEntry(
                image: image, label: .name("dog"),
                boxes: [AnnotatedBox(label: .name("dog"), left: 0, top: 0, right: 486, bottom: 500, isDifficult: true)],
                mask: mask([12]), annotatedSize: size),
        ]
    }

    @Test func theLayoutOfVOC() throws {
        let folder = try DatasetFolder(
            ["Annotations/2007_000027.xml": Self.annotation],
            pictures: ["JPEGImages/2007_000027.jpg", "SegmentationClass/2007_000027.png"])
        let dataset = try folder.dataset()
        #expect(dataset.problems == [])
        #expect(
            dataset.entries
                == entries(image: folder.path("JPEGImages/2007_000027.jpg")) {
                    AnnotatedMask(file: folder.path("SegmentationClass/2007_000027.png"), object: $0, undecided: [255])
                })
    }

    @Test func oneFolderOrOneFile() throws {
        let folder = try DatasetFolder(["2007_000027.xml": Self.annotation], pictures: ["2007_000027.jpg"])
        let expected = entries(image: folder.path("2007_000027.jpg")) { _ in nil }
        #expect(try folder.dataset().entries == expected)
        #expect(try folder.dataset("2007_000027.xml").entries == expected)
    }

    @Test func namesWithoutExtensionAndOtherFolders() throws {
        let text = """
            <annotation><filename>ILSVRC2012_val_00000001</filename><size><width>0</width><height>0</height></size>
            <object><name>n01751748</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>5</xmax><ymax>6</ymax></bndbox></object>
            </annotation>
            """
        let folder = try DatasetFolder(
            ["xml/ILSVRC2012_val_00000001.xml": text], pictures: ["val/ILSVRC2012_val_00000001.JPEG"])
        #expect(
            try folder.dataset("xml", images: "val").entries == [
                DatasetEntry(
                    image: folder.path("val/ILSVRC2012_val_00000001.JPEG"), label: .name("n01751748"),
                    boxes: [AnnotatedBox(label: .name("n01751748"), left: 0, top: 0, right: 5, bottom: 6)])
            ])
    }

    @Test func latinTextIsRead() throws {
        let text = Self.annotation.replacing("UTF-8", with: "ISO-8859-1").replacing("dog", with: "bär")
        let folder = try DatasetFolder(pictures: ["2007_000027.jpg"])
        try folder.write(try #require(text.data(using: .isoLatin1)), to: "2007_000027.xml")
        #expect(try folder.dataset().entries.map(\.label) == [.name("person"), .name("bär")])
    }

    @Test func whatLiesDeepIsSkipped() throws {
        let deep =
            String(repeating: "<part>", count: 60) + "<name>wrong</name>" + String(repeating: "</part>", count: 60)
        let text = Self.annotation.replacing("</annotation>", with: deep + "</annotation>")
        let folder = try DatasetFolder(["2007_000027.xml": text], pictures: ["2007_000027.jpg"])
        #expect(try folder.dataset().entries == entries(image: folder.path("2007_000027.jpg")) { _ in nil })
    }

    @Test func brokenFilesAreListed() throws {
        let laughs = """
            <?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
            <annotation><filename>&b;</filename></annotation>
            """
        let outside = """
            <!DOCTYPE annotation [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation><filename>&x;</filename></annotation>
            """
        let box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>2</xmax></bndbox>"
        let nan = "<bndbox><xmin>nan</xmin><ymin>1</ymin><xmax>2</xmax><ymax>2</ymax></bndbox>"
        let folder = try DatasetFolder(
            [
                "a.xml": Self.annotation, "b.xml": laughs, "c.xml": outside, "d.xml": "<annotation><filename>",
                "e.xml": "<html></html>", "f.xml": "<annotation><filename>gone.jpg</filename></annotation>",
                "g.xml": "<annotation><filename>g.jpg</filename><object><name>cat</name>\(box)</object>"
                    + "<object>\(nan)</object><object><name>cat</name>\(nan)</object></annotation>",
                "h.xml": String(repeating: "<annotation>", count: 100_000), "i.xml": "",
            ], pictures: ["2007_000027.jpg", "g.jpg"])
        try folder.write(Data([0xFF, 0xFE, 0x3C, 0x00]), to: "j.xml")
        let dataset = try folder.dataset()
        #expect(dataset.entries.count == 2)
        let said = [
            ("b.xml", "document type"), ("c.xml", "document type"), ("d.xml", "not well-formed"),
            ("e.xml", "outermost"),
            ("f.xml", "'gone.jpg'"), ("g.xml, object 1", "no 'ymax'"), ("g.xml, object 2", "no 'name'"),
            ("g.xml, object 3", "'nan'"), ("h.xml", "more than 64 deep"), ("i.xml", "not well-formed"),
            ("j.xml", "UTF-8"),
        ]
        #expect(dataset.problems.count == said.count)
        for (problem, (place, words)) in zip(dataset.problems, said) {
            #expect(problem.contains(", \(place): ") && problem.contains(words), "\(problem)")
        }
    }
}

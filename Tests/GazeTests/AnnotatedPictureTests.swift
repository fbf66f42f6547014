import Evaluation
import Foundation
import Gaze
import TestSupport
import Testing

/// From a data set's annotation to what metrics read.
@Suite struct AnnotatedPictureTests {
    private func head(_ count: Int) throws -> HeadDescription {
        // The tiny model's head, found as for every model.
        try TemporaryFolder.with { folder in
            try Explainer(model: TinyModel.write(into: folder)).read(TinyModel.picture).head
        }
    }

    private func classes(names: [String]? = ["tench, Tinca tinca", "Egyptian cat", "crane", "crane, machine"]) throws
        -> TrueClasses
    {
        let json = Data(
            #"{"kind":"classifier","output":"y","outputs":["y"],"classCount":4,"reason":"r","isGuess":false,"firstClass":0}"#
                .utf8)
        return TrueClasses(
            try JSONDecoder().decode(HeadDescription.self, from: json), names: names, identifiers: ["n02124075": 1])
    }

    @Test func classesAreFoundByIndexNameAndIdentifier() throws {
        let classes = try classes()
        #expect(classes.index(of: .index(3)) == 3)
        #expect(classes.index(of: .index(4)) == nil)
        #expect(classes.index(of: .index(-1)) == nil)
        #expect(classes.index(of: .name("egyptian_cat")) == 1)
        #expect(classes.index(of: .name("Tinca tinca")) == 0)
        #expect(classes.index(of: .name("n02124075")) == 1)
        #expect(classes.index(of: .name("2")) == 2)
        // A full name comes before another class's synonym; a part of a name is no name.
        #expect(classes.index(of: .name("crane")) == 2)
        #expect(classes.index(of: .name("cat")) == nil)
        #expect(classes.index(of: nil) == nil)
        #expect(try self.classes(names: ["crane", "crane", "a", "b"]).index(of: .name("crane")) == nil)
        #expect(try self.classes(names: nil).index(of: .name("1")) == 1)
    }

    @Test func aClassMapNumbersClassesInItsOwnWay() throws {
        let json = Data(
            #"{"kind":"classifier","output":"y","outputs":["y"],"classCount":600,"reason":"r","isGuess":false,"firstClass":0}"#
                .utf8)
        let classes = TrueClasses(
            try JSONDecoder().decode(HeadDescription.self, from: json), names: nil, identifiers: ["3": 472, "4": 900])
        #expect(classes.index(of: .index(3)) == 472)
        #expect(classes.index(of: .name("3")) == 472)
        #expect(classes.index(of: .index(5)) == 5)
        #expect(classes.index(of: .index(4)) == nil)
    }

    private func annotated(
        _ entry: DatasetEntry, mask: Data? = nil, photo: (width: Int, height: Int), explained: Int = 1
    ) throws -> AnnotatedPicture {
        try AnnotatedPicture(
            entry, mask: mask, photo: photo, explained: explained, rank: 0, label: "x", classes: classes())
    }

    @Test func boxesAreScaledToThePictureThatMetricsSee() throws {
        var entry = DatasetEntry(
            image: "a", boxes: [AnnotatedBox(left: 10, top: 20, right: 60, bottom: 90)],
            annotatedSize: PixelSize(width: 100, height: 200))
        #expect(
            try annotated(entry, photo: (50, 400)).boxes == [Box(left: 5, top: 40, right: 30, bottom: 180)])
        // A photograph of 4096x2048 is worked on at 1024x512.
        entry.annotatedSize = nil
        let large = try annotated(entry, photo: (4096, 2048))
        #expect(large.width == 1024 && large.height == 512)
        #expect(large.boxes == [Box(left: 2.5, top: 5, right: 15, bottom: 22.5)])
        // What lies outside of the picture is cut off, and an empty box is none.
        entry.boxes = [
            AnnotatedBox(left: -5, top: 1, right: 500, bottom: 2), AnnotatedBox(left: 4, top: 4, right: 4, bottom: 9),
        ]
        #expect(try annotated(entry, photo: (50, 40)).boxes == [Box(left: 0, top: 1, right: 50, bottom: 2)])
    }

    @Test func boxesOfOtherClassesDoNotCount() throws {
        func box(_ label: ClassReference?, at left: Double) -> AnnotatedBox {
            AnnotatedBox(label: label, left: left, top: 0, right: left + 1, bottom: 1)
        }
        let entry = DatasetEntry(
            image: "a", label: .name("unheard-of"),
            boxes: [
                box(nil, at: 0), box(.name("Egyptian cat"), at: 2), box(.index(0), at: 4),
                box(.name("unheard-of"), at: 6), box(.name("other"), at: 8),
            ])
        #expect(try annotated(entry, photo: (10, 10)).boxes.map(\.left) == [0, 2, 6])
    }

    @Test func masksAreReadAsLabels() throws {
        // A trimap: 1 is the object, 2 is not, 3 is undecided; twice as large as the picture.
        let trimap: [UInt8] = [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 1, 1, 3, 3, 1, 1]
        let picture = Picture(width: 4, height: 4, pixels: trimap.flatMap { [$0, $0, $0] })
        let file = try picture.encodedPNG()
        let description = AnnotatedMask(file: "m.png", object: [1], undecided: [3])
        let mask = try #require(
            try annotated(DatasetEntry(image: "a", mask: description), mask: file, photo: (2, 2)).mask)
        #expect(mask.shape == [2, 2])
        #expect(mask[0, 0] == 1 && mask[0, 1] == 0 && mask[1, 0].isNaN && mask[1, 1] == 1)
        let plain = AnnotatedMask(file: "m.npy")
        let numbers = Numpy.encode(AnyTensor(try Tensor<Float>(shape: [1, 2], elements: [0, 7])))
        let other = try #require(
            try annotated(DatasetEntry(image: "a", mask: plain), mask: numbers, photo: (2, 1)).mask)
        #expect(other.elements == [0, 1])
        #expect(throws: (any Error).self) {
            try annotated(DatasetEntry(image: "a", mask: plain), mask: Data("no".utf8), photo: (2, 1))
        }
    }
}

import Evaluation
import Foundation
import Gaze
import Imaging
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
        _ entry: DatasetEntry, mask: Data? = nil, photo: (width: Int, height: Int), explained: Int = 1,
        orientation: Orientation = .topLeft
    ) throws -> AnnotatedPicture {
        let upright = try UprightAnnotation(
            entry, mask: mask, photo: PixelSize(width: photo.width, height: photo.height), orientation: orientation)
        return try AnnotatedPicture(
            upright.entry, mask: upright.mask, photo: photo, explained: explained, rank: 0, label: "x",
            classes: classes())
    }

    private func mask(_ width: Int, _ height: Int, _ labels: [Float]) throws -> Data {
        Numpy.encode(AnyTensor(try Tensor<Float>(shape: [height, width], elements: labels)))
    }

    /// A file whose EXIF says that its row 0 is the right side and its column 0 the top (6): turned clockwise.
    @Test func annotationsOfTheStoredFileTurnWithThePhotograph() throws {
        var entry = DatasetEntry(
            image: "a", boxes: [AnnotatedBox(left: 60, top: 0, right: 90, bottom: 30)],
            mask: AnnotatedMask(file: "m.npy", object: [2, 6]))
        // A mask of columns and rows of 30 pixels each.
        func large(_ labels: [Float], _ columns: Int) throws -> Data {
            let rows = labels.count / columns
            let elements = (0..<rows * 30).flatMap { row in
                (0..<columns * 30).map { labels[row / 30 * columns + $0 / 30] }
            }
            return try mask(columns * 30, rows * 30, elements)
        }
        // The stored rows 1 2 3 and 4 5 6 become 4 1, 5 2 and 6 3, so that the box around 3 is at the lower right.
        let turned = [Box(left: 30, top: 60, right: 60, bottom: 90)]
        let file = try large([1, 2, 3, 4, 5, 6], 3)
        for size in [nil, PixelSize(width: 90, height: 60)] {
            entry.annotatedSize = size
            let found = try annotated(entry, mask: file, photo: (60, 90), orientation: .rightTop)
            #expect(found.boxes == turned)
            let map = try #require(found.mask)
            #expect(
                [map[15, 15], map[15, 45], map[45, 15], map[45, 45], map[75, 15], map[75, 45]] == [0, 0, 0, 1, 1, 0])
        }
        // What is annotated upright stays as it is.
        entry.annotatedSize = PixelSize(width: 60, height: 90)
        entry.boxes[0].left = 30
        entry.boxes[0].right = 60
        let upright = try annotated(
            entry, mask: large([1, 2, 3, 4, 5, 6], 2), photo: (60, 90), orientation: .rightTop)
        #expect(upright.boxes == [Box(left: 30, top: 0, right: 60, bottom: 30)])
        #expect(upright.mask?[15, 45] == 1)
    }

    @Test func annotationsOfAnotherShapeAreRefused() throws {
        let entry = DatasetEntry(image: "a", mask: AnnotatedMask(file: "m.npy"))
        let ones = { (width: Int, height: Int) in
            try self.mask(width, height, [Float](repeating: 1, count: width * height))
        }
        for (width, height) in [(100_000, 1), (48, 64), (64, 52)] {
            let error = #expect(throws: GazeError.self) {
                try annotated(entry, mask: ones(width, height), photo: (640, 480))
            }
            #expect("\(error.map { "\($0)" } ?? "")".contains("\(width)x\(height) pixels"))
        }
        for (width, height) in [(640, 480), (64, 48), (33, 25), (641, 480), (640, 488), (1280, 961)] {
            #expect(try annotated(entry, mask: ones(width, height), photo: (640, 480)).mask?.shape == [480, 640])
        }
        // A mask of the annotation's shape, over a squashed copy of the photograph.
        var squashed = entry
        squashed.annotatedSize = PixelSize(width: 640, height: 480)
        #expect(try annotated(squashed, mask: ones(640, 480), photo: (224, 224)).mask?.shape == [224, 224])
        let box = AnnotatedBox(left: 0, top: 0, right: 9, bottom: 9)
        let swapped = DatasetEntry(image: "a", boxes: [box], annotatedSize: PixelSize(width: 480, height: 640))
        #expect(throws: GazeError.self) { try annotated(swapped, photo: (640, 480)) }
    }

    /// Nearest neighbour by centres: of four columns at two, the second and the fourth.
    @Test func masksAreSampledAtTheCentresOfPixels() throws {
        let entry = DatasetEntry(image: "a", mask: AnnotatedMask(file: "m.npy", object: [5, 7]))
        let labels = (0..<16).map { Float($0) }
        // 0 1 2 3 | 4 5 6 7 | ...: the centres of 2x2 pixels lie at column and row 1 and 3.
        #expect(try annotated(entry, mask: mask(4, 4, labels), photo: (2, 2)).mask?.elements == [1, 1, 0, 0])
        // Three columns at one: the middle one.
        let middle = DatasetEntry(image: "a", mask: AnnotatedMask(file: "m.npy", object: [4]))
        #expect(try annotated(middle, mask: mask(3, 3, (0..<9).map { Float($0) }), photo: (1, 1)).mask?.elements == [1])
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

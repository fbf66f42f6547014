import Imaging
import Tensors
import Testing

@Suite struct PictureGeometryTests {
    @Test func aCropSeesTheMiddle() throws {
        let rule = Preprocessing(resize: .crop(width: 224, height: 224, shortSide: 256))
        let geometry = try rule.geometry(photoWidth: 512, photoHeight: 256)
        #expect(geometry.scaledWidth == 512 && geometry.scaledHeight == 256)
        #expect(geometry.seen == PictureBox(left: 144, top: 16, right: 368, bottom: 240))
    }

    @Test func pointsGoThereAndBack() throws {
        let rules: [ResizeRule] = [
            .squash(width: 30, height: 50), .crop(width: 30, height: 20, shortSide: 40),
            .letterbox(width: 64, height: 64, fill: Colour(grey: 0), anchor: .centre),
        ]
        for rule in rules {
            let geometry = try Preprocessing(resize: rule).geometry(photoWidth: 451, photoHeight: 300)
            for (x, y) in [(0.0, 0.0), (17.25, 3.5), (30, 20)] {
                let photo = geometry.photoPoint(x: x, y: y)
                let back = geometry.inputPoint(x: photo.x, y: photo.y)
                #expect(abs(back.x - x) < 1e-9 && abs(back.y - y) < 1e-9)
            }
        }
    }

    /// A white square in the photograph is found at the same place when the model's own view is projected back.
    @Test(arguments: [
        ResizeRule.squash(width: 60, height: 80), .crop(width: 70, height: 70, shortSide: 80),
        .crop(width: 90, height: 120, shortSide: 80),
        .letterbox(width: 96, height: 96, fill: Colour(grey: 0), anchor: .centre),
        .letterbox(width: 96, height: 64, fill: Colour(grey: 0), anchor: .topLeft),
    ])
    func whatTheModelSawLandsWhereItWas(rule: ResizeRule) throws {
        var photo = Picture(width: 200, height: 120)
        photo.mutatePixels { pixels in
            for y in 40..<64 { for x in 80..<120 { for c in 0..<3 { pixels[(y * 200 + x) * 3 + c] = 255 } } }
        }
        let preprocessing = Preprocessing(resize: rule, channels: .grey)
        let view = try preprocessing.apply(to: photo)
        let map = try view.reshaped([rule.height, rule.width])
        let projected = try preprocessing.geometry(for: photo).project(map)
        #expect(projected.shape == [120, 200])
        #expect(projected[52, 100] > 0.99)
        var mass = 0.0
        var (x, y) = (0.0, 0.0)
        for (index, value) in projected.elements.enumerated() where !value.isNaN {
            mass += Double(value)
            x += Double(value) * (Double(index % 200) + 0.5)
            y += Double(value) * (Double(index / 200) + 0.5)
        }
        #expect(abs(x / mass - 100) < 0.3)
        #expect(abs(y / mass - 52) < 0.3)
        #expect(abs(mass - 40 * 24) < 20)
    }

    @Test func whatTheModelDidNotSeeIsNotANumber() throws {
        let preprocessing = Preprocessing(resize: .crop(width: 10, height: 10, shortSide: 10))
        let geometry = try preprocessing.geometry(photoWidth: 40, photoHeight: 20)
        let projected = try geometry.project(Tensor(repeating: 1, shape: [7, 7]))
        for y in 0..<20 {
            for x in 0..<40 { #expect(projected[y, x].isNaN == !(10..<30).contains(x)) }
        }
        #expect(try geometry.project(Tensor(repeating: 1, shape: [7, 7]), width: 20, height: 10).shape == [10, 20])
        #expect(throws: ImagingError.self) { try geometry.project(Tensor(repeating: 1, shape: [7])) }
    }

    /// A map of 2x2 cells: the centre of each quarter of the photograph has the cell's own value.
    @Test func cellsTileThePhotograph() throws {
        let geometry = try Preprocessing(resize: .squash(width: 224, height: 224)).geometry(
            photoWidth: 8, photoHeight: 4)
        let projected = try geometry.project(Tensor(shape: [2, 2], elements: [1, 2, 3, 4]), by: .nearest)
        #expect(
            projected.elements == [
                1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 2, 2, 2, 2,
                3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 3, 3, 4, 4, 4, 4,
            ])
    }
}

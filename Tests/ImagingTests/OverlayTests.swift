import Imaging
import Tensors
import Testing

@Suite struct OverlayTests {
    let photo = Picture(width: 60, height: 40, red: 100, green: 150, blue: 200)

    private func geometry(_ rule: ResizeRule, _ photo: Picture) throws -> PictureGeometry {
        try Preprocessing(resize: rule).geometry(for: photo)
    }

    private func pixel(_ picture: Picture, _ x: Int, _ y: Int) -> [UInt8] {
        Array(picture.pixels[(y * picture.width + x) * 3..<(y * picture.width + x) * 3 + 3])
    }

    @Test func aConstantOpacityMixesHalfAndHalf() throws {
        let map = try Tensor<Float>(shape: [1, 2], elements: [0, 7])
        let overlay = Overlay(colourMap: .viridis, opacity: .constant(0.5), interpolation: .nearest)
        let result = try overlay.draw(map, on: photo, geometry: geometry(.squash(width: 8, height: 8), photo))
        #expect(result.diagnosis == .informative)
        #expect(result.scale == ColourScale(map: .viridis, low: 0, high: 7))
        for (x, value) in [(5, 0.0), (50, 1.0)] {
            let colour = ColourMap.viridis.colour(at: value)
            let mixed = zip([colour.red, colour.green, colour.blue], [100, 150, 200]).map { heat, old in
                UInt8(((Double(heat) + Double(old)) / 2 + 0.5).rounded(.down))
            }
            #expect(pixel(result.picture, x, 20) == mixed)
        }
    }

    @Test func proportionalOpacityKeepsThePhotographWhereNothingIs() throws {
        let map = try Tensor<Float>(shape: [1, 3], elements: [-2, 0, 2])
        let rule = try geometry(.squash(width: 9, height: 9), photo)
        let positive = Overlay(opacity: .proportional(1), interpolation: .nearest)
        let drawn = try positive.draw(map, on: photo, geometry: rule).picture
        #expect(pixel(drawn, 5, 20) == [100, 150, 200])
        #expect(pixel(drawn, 30, 20) == [100, 150, 200])
        let hot = ColourMap.turbo.colour(at: 1)
        #expect(pixel(drawn, 55, 20) == [hot.red, hot.green, hot.blue])
        var signed = Overlay.signed
        signed.interpolation = .nearest
        let both = try signed.draw(map, on: photo, geometry: rule).picture
        let (left, middle, right) = (pixel(both, 5, 20), pixel(both, 30, 20), pixel(both, 55, 20))
        #expect(left[2] > left[0] && right[0] > right[2])
        #expect(zip(middle, [100, 150, 200]).allSatisfy { abs(Int($0) - $1) <= 1 })
    }

    @Test func whatTheModelDidNotSeeIsDarkened() throws {
        let rule = try geometry(.crop(width: 20, height: 20, shortSide: 20), photo)
        let map = try Tensor<Float>(shape: [1, 2], elements: [0, 1])
        let drawn = try Overlay(opacity: .proportional(1)).draw(map, on: photo, geometry: rule).picture
        // Short side 40 -> 20: the middle 40 columns are seen.
        for y in 0..<40 {
            #expect(pixel(drawn, 12, y) == [100, 150, 200])
            for x in [0, 9, 50, 59] { #expect(pixel(drawn, x, y).reduce(0) { $0 + Int($1) } < 400) }
        }
    }

    @Test(
        arguments: [
            ([0, 0], MapDiagnosis.allZero), ([3, 3], .constant(3)), ([-1, -2], .nothingPositive(maximum: -1)),
            ([.nan, 1], .notFinite(count: 1, of: 2)), ([0.004, -1], .hardlyPositive(maximum: 0.004, minimum: -1)),
        ] as [([Float], MapDiagnosis)])
    func aMapWithoutInformationIsNoInnocentPicture(values: [Float], diagnosis: MapDiagnosis) throws {
        let map = try Tensor(shape: [1, 2], elements: values)
        let result = try Overlay(outline: 0.5, boundingBox: true).draw(
            map, on: photo, geometry: geometry(.squash(width: 8, height: 8), photo))
        #expect(result.diagnosis == diagnosis)
        #expect(result.hottest == nil)
        // No pixel is the photograph's, and the words are white.
        #expect((0..<60 * 40).allSatisfy { Array(result.picture.pixels[$0 * 3..<$0 * 3 + 3]) != [100, 150, 200] })
        #expect(result.picture.pixels.contains { $0 > 230 })
        let figure = Figure.explanation(photo: photo, overlay: result, title: "cat")
        #expect(figure.captions.first == diagnosis.description)
        #expect(figure.rows[0][1].scale == nil)
    }

    @Test func howLittleIsPositiveIsSaid() {
        let sentence = { MapDiagnosis.hardlyPositive(maximum: $0, minimum: -1).description }
        #expect(sentence(0.004).contains("the largest positive value is 0.4 % of the largest negative one"))
        #expect(sentence(0.0321).contains("3.2 %") && sentence(1e-6).contains("less than 0.1 %"))
    }

    @Test func outlineAndBoxAreDrawnWhereTheHeatIs() throws {
        var map = Tensor<Float>(repeating: 0, shape: [4, 6])
        map[1, 4] = 1
        let overlay = Overlay(interpolation: .nearest, outline: 0.5, boundingBox: true)
        let result = try overlay.draw(map, on: photo, geometry: geometry(.squash(width: 12, height: 8), photo))
        #expect(result.hottest?.box == PictureBox(left: 40, top: 10, right: 50, bottom: 20))
        #expect(pixel(result.picture, 40, 15).allSatisfy { $0 > 150 })
        #expect(pixel(result.picture, 20, 30) == [100, 150, 200])
    }

    @Test func aSmallerCopyOfThePhotographWorksToo() throws {
        let rule = try geometry(.crop(width: 20, height: 20, shortSide: 20), photo)
        let copy = try photo.resized(width: 30, height: 20, filter: .box)
        let map = try Tensor<Float>(shape: [1, 2], elements: [0, 1])
        let drawn = try Overlay(opacity: .proportional(1)).draw(map, on: copy, geometry: rule).picture
        #expect(drawn.width == 30)
        #expect(pixel(drawn, 6, 10) == [100, 150, 200])
        #expect(pixel(drawn, 4, 10) != [100, 150, 200])
    }

    @Test func whatIsNoMapIsRefused() throws {
        let rule = try geometry(.squash(width: 8, height: 8), photo)
        #expect(throws: ImagingError.self) {
            try Overlay().draw(Tensor(repeating: 1, shape: [1, 2, 2]), on: photo, geometry: rule)
        }
    }
}

import Foundation
import Imaging
import Tensors
import TestSupport
import Testing

/// The hottest region as numbers, beside NumPy; by `Scripts/golden/regions.py`.
@Suite struct RegionTests {
    struct Index: Decodable { let cases: [Case] }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let rule: String
        let height: Int
        let width: Int
        let shape: [Int]
        let map: [Float]
        let box: [Double]
        let heat: Double
        let area: Double
        let peak: [Double]
        let cells: CellGrid
        var testDescription: String { "\(rule) of \(width)x\(height)" }
    }

    static let index = Result { try Golden.decode(Index.self, "regions.json") }
    static var cases: [Case] { (try? index.get().cases) ?? [] }

    @Test func theFileIsComplete() throws { #expect(try Self.index.get().cases.count == 18) }

    @Test(arguments: cases)
    func numbersAreThoseOfNumPy(_ golden: Case) throws {
        let geometry = try Preprocessing(resize: ResizeRule(text: golden.rule)).geometry(
            photoWidth: golden.width, photoHeight: golden.height)
        let map = try Tensor(shape: Shape(golden.shape), elements: golden.map)
        let photo = Picture(width: golden.width, height: golden.height, red: 90, green: 90, blue: 90)
        let drawn = try Overlay(outline: 0.5).draw(map, on: photo, geometry: geometry)
        let region = try #require(drawn.hottest)
        let box = [region.box.left, region.box.top, region.box.right, region.box.bottom]
        // A pixel on the edge of the level may fall to either side in single precision.
        for (found, wanted) in zip(box, golden.box) { #expect(abs(found - wanted) <= 1) }
        #expect(abs(region.heatFraction - golden.heat) < 3e-3 && abs(region.areaFraction - golden.area) < 2e-3)
        // The middle of the pixel in which the cell's centre lies.
        #expect(abs(region.peak.x - golden.peak[0]) <= 0.51 && abs(region.peak.y - golden.peak[1]) <= 0.51)
        let cells = geometry.cells(of: map)
        for (found, wanted) in [(cells.columns, golden.cells.columns), (cells.rows, golden.cells.rows)] {
            #expect(abs(found.centre - wanted.centre) < 1e-9 && abs(found.step - wanted.step) < 1e-9)
            #expect(found.count == wanted.count)
        }
    }

    /// One hot cell without smoothing: the region is the cell's own rectangle, and holds all heat.
    @Test(arguments: [
        (ResizeRule.squash(width: 40, height: 20), PictureBox(left: 60, top: 50, right: 80, bottom: 100)),
        // Short side 100 -> 40, so 80x40, and 20 columns are cut off on each side.
        (.crop(width: 40, height: 40, shortSide: 40), PictureBox(left: 80, top: 50, right: 90, bottom: 100)),
        // 200x100 -> 40x20, with 10 rows of border above: its lower cells reach from the middle to the lower border.
        (
            .letterbox(width: 40, height: 40, fill: Colour(grey: 0), anchor: .centre),
            PictureBox(left: 60, top: 50, right: 80, bottom: 100)
        ),
    ])
    func aHotCellIsItsRectangle(rule: ResizeRule, box: PictureBox) throws {
        let geometry = try Preprocessing(resize: rule).geometry(photoWidth: 200, photoHeight: 100)
        var map = Tensor<Float>(repeating: 0, shape: [2, 10])
        map[1, 3] = 2
        let photo = Picture(width: 200, height: 100, red: 90, green: 90, blue: 90)
        let drawn = try Overlay(interpolation: .nearest).draw(map, on: photo, geometry: geometry)
        let region = try #require(drawn.hottest)
        #expect(region.box == box && region.heatFraction == 1)
        let cell = geometry.cells(of: map).box(row: 1, column: 3)
        #expect(max(cell.left, 0) == box.left && min(cell.bottom, 100) == box.bottom && cell.right == box.right)
        #expect((box.left...box.right).contains(region.peak.x) && (box.top...box.bottom).contains(region.peak.y))
    }

    @Test func heatOutsideOfTheRegionIsCounted() throws {
        let map = try Tensor<Float>(shape: [1, 5], elements: [8, 5, 0, 3, -7])
        let region = try #require(HottestRegion(of: map, fraction: 0.5))
        #expect(region.heatFraction == 13.0 / 16 && region.peak == PicturePoint(x: 0.5, y: 0.5))
        // Counted from the smallest value: 15, 12, 7, 10, 0, and half of 15 is 7.5.
        let relative = try #require(HottestRegion(of: map, fraction: 0.5, base: -7))
        #expect(abs(relative.heatFraction - 27.0 / 44) < 1e-12)
        // Of equal values side by side, the middle one.
        let flat = try Tensor<Float>(shape: [1, 5], elements: [0, 2, 2, 2, 0])
        #expect(HottestRegion(of: flat, fraction: 0.5)?.peak == PicturePoint(x: 2.5, y: 0.5))
        #expect(HottestRegion(of: flat, fraction: 0.5, centre: { _ in PicturePoint(x: 9, y: 0) })?.peak.x == 3.5)
    }

    /// No heat where no cell looks: not a number, and darkened in the picture.
    @Test func whatNoCellLooksAtIsNotDrawn() throws {
        let geometry = try Preprocessing(resize: .squash(width: 8, height: 8)).geometry(photoWidth: 16, photoHeight: 16)
        let map = try Tensor<Float>(shape: [2, 2], elements: [1, 2, 3, 4])
        let reach = MapReach(rows: [Bool](repeating: true, count: 8), columns: (0..<8).map { $0 < 6 })
        let laid = try geometry.project(map, reach: reach)
        for (index, value) in laid.elements.enumerated() { #expect(value.isNaN == (index % 16 >= 12)) }
        let photo = Picture(width: 16, height: 16, red: 200, green: 200, blue: 200)
        let drawn = try Overlay(opacity: .constant(0)).draw(map, on: photo, geometry: geometry, reach: reach)
        #expect((0..<16).allSatisfy { (drawn.picture.pixels[$0 * 3] == 200) == ($0 < 12) })
        #expect(drawn.hottest.map { $0.box.right <= 12 } == true)
    }
}

import Foundation
public import Imaging

/// The hottest region of a map as numbers, in pixels of the photograph as it stands upright; the figure outlines the same cells.
public struct RegionRecord: Sendable, Hashable, Codable {
    /// The left edge.
    public let x: Double
    /// The upper edge.
    public let y: Double
    /// The width.
    public let width: Double
    /// The height.
    public let height: Double
    /// Where the map is largest.
    public let peak: PicturePoint
    /// The part of the map's positive heat that lies in the region, 0...1.
    public let heatFraction: Double
    /// The part of the photograph that the region covers, 0...1.
    public let areaFraction: Double
    /// The value that the region reaches everywhere.
    public let threshold: Double

    /// A region over a photograph.
    public init(_ region: HottestRegion) {
        (x, y) = (region.box.left, region.box.top)
        (width, height) = (region.box.width, region.box.height)
        peak = region.peak
        heatFraction = region.heatFraction
        areaFraction = region.areaFraction
        threshold = Double(region.threshold)
    }

    /// One line: `x 120, y 80, 200x150 pixels; peak at (210, 140); holds 63 % of the heat`.
    public var text: String {
        String(
            format: "x %.0f, y %.0f, %.0fx%.0f pixels; peak at (%.0f, %.0f); holds %.0f %% of the heat", x, y, width,
            height, peak.x.rounded(.down), peak.y.rounded(.down), heatFraction * 100)
    }
}

/// A table of small maps: a row for every method, a column for every layer, several views of the same rows as blocks.
public struct MapGrid: Sendable, Hashable {
    /// The first line, bold.
    public var title: String
    /// A line under the title.
    public var subtitle: String
    /// What stands before and behind the maps, row by row.
    public var rows: [Row]
    /// The views, each with its own columns.
    public var blocks: [Block]
    /// How the blocks stand; nil puts them side by side where the maps stay large enough.
    public var arrangement: Arrangement?
    /// Lines under the maps.
    public var captions: [String]
    /// The largest width in pixels, 320...2400; the picture is narrower where its maps are.
    public var width: Int
    /// The largest width of a map in pixels, 16...512.
    public var largestCell: Int

    /// How blocks stand.
    public enum Arrangement: Sendable, Hashable { case sideBySide, stacked }

    /// One row: its name, what it was computed on, what is concluded from it.
    public struct Row: Sendable, Hashable {
        /// The name of the method.
        public var label: String
        /// What stands in front of the maps.
        public var photograph: Picture?
        /// What stands behind them.
        public var verdict: Verdict?

        /// A row with these parts.
        public init(_ label: String, photograph: Picture? = nil, verdict: Verdict? = nil) {
            self.label = label
            self.photograph = photograph
            self.verdict = verdict
        }
    }

    /// A coloured word and what stands behind it.
    public struct Verdict: Sendable, Hashable {
        /// The word, bold and in the colour of its mood.
        public var word: String
        /// The reason, in small letters.
        public var reason: String
        /// What the word's colour says.
        public var mood: Mood

        /// What a colour says: green, amber, red, grey.
        public enum Mood: Sendable, Hashable { case good, doubtful, bad, neutral }

        /// A verdict with these parts.
        public init(_ word: String, reason: String = "", mood: Mood = .neutral) {
            self.word = word
            self.reason = reason
            self.mood = mood
        }
    }

    /// One view of all rows.
    public struct Block: Sendable, Hashable {
        /// What the view is, bold above its columns.
        public var title: String
        /// The names above the columns; they are turned where they do not fit, and shortened in the middle.
        public var columns: [String]
        /// The maps, already coloured, row by row; nil or missing ones are drawn as a dash.
        public var maps: [[Picture?]]
        /// The colours' meaning, drawn under the block.
        public var scale: ColourScale?

        /// A block with these parts.
        public init(title: String = "", columns: [String], maps: [[Picture?]], scale: ColourScale? = nil) {
            self.title = title
            self.columns = columns
            self.maps = maps
            self.scale = scale
        }
    }

    /// A grid with these parts.
    public init(
        title: String, subtitle: String = "", rows: [Row], blocks: [Block], arrangement: Arrangement? = nil,
        captions: [String] = [], width: Int = 2000, largestCell: Int = 112
    ) {
        self.title = title
        self.subtitle = subtitle
        self.rows = rows
        self.blocks = blocks
        self.arrangement = arrangement
        self.captions = captions
        self.width = width
        self.largestCell = largestCell
    }

    /// The grid as a picture.
    /// - Throws: `ImagingError.invalidArgument` without rows or columns, for sizes out of range, for more columns than
    ///   the width holds, and for a picture that would be taller than 32767 pixels.
    public func draw() throws(ImagingError) -> Picture {
        guard !rows.isEmpty, blocks.contains(where: { !$0.columns.isEmpty }), (320...2400).contains(width),
            (16...512).contains(largestCell)
        else {
            throw .invalidArgument(
                what: "a grid of \(rows.count) rows, \(blocks.map(\.columns.count).max() ?? 0) columns and "
                    + "\(width) pixels with maps of \(largestCell) cannot be drawn",
                advice: "give at least one row and one column, a width from 320 to 2400 and maps from 16 to 512")
        }
        let layout = try MapGridLayout(self)
        let canvas = try Canvas(width: layout.width, height: layout.height, background: FigureStyle.background)
        try layout.draw(on: canvas)
        return canvas.picture
    }
}

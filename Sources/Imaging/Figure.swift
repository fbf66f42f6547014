/// Pictures side by side with a title, labels, colour bars and captions; drawn without a screen.
///
/// Text that is too long is wrapped or ends in an ellipsis; nothing is cut off.
public struct Figure: Sendable, Hashable {
    /// The first line, bold: the class.
    public var title: String
    /// What stands behind the title and is never shortened: the score.
    public var score: String
    /// A line under the title.
    public var subtitle: String
    /// The panels, row by row; rows may have different lengths.
    public var rows: [[Panel]]
    /// Lines under the panels: model, method, layer, reasons.
    public var captions: [String]
    /// The largest width in pixels, 320...8192; the figure is narrower where its panels are.
    public var width: Int
    /// The largest height of a panel's picture in pixels.
    public var maximumPanelHeight: Int

    /// One picture of a figure.
    public struct Panel: Sendable, Hashable {
        /// The picture; it is scaled to the figure.
        public var picture: Picture
        /// What it shows, bold.
        public var label: String
        /// More about it, behind the label.
        public var detail: String
        /// The colours' meaning; nil for a photograph.
        public var scale: ColourScale?

        /// A panel with these parts.
        public init(_ picture: Picture, label: String = "", detail: String = "", scale: ColourScale? = nil) {
            self.picture = picture
            self.label = label
            self.detail = detail
            self.scale = scale
        }
    }

    /// A figure with these parts.
    public init(
        title: String, score: String = "", subtitle: String = "", rows: [[Panel]], captions: [String] = [],
        width: Int = 1200, maximumPanelHeight: Int = 720
    ) {
        self.title = title
        self.score = score
        self.subtitle = subtitle
        self.rows = rows
        self.captions = captions
        self.width = width
        self.maximumPanelHeight = maximumPanelHeight
    }

    /// The photograph beside its overlay, or above it where the photograph is very wide.
    public static func explanation(
        photo: Picture, overlay: Overlay.Result, title: String, score: String = "", subtitle: String = "",
        detail: String = "", captions: [String] = []
    ) -> Figure {
        let first = Panel(photo, label: "Photograph", detail: "\(photo.width) × \(photo.height)")
        let second = Panel(
            overlay.picture, label: "Explanation", detail: detail,
            scale: overlay.diagnosis.isInformative ? overlay.scale : nil)
        let wide = photo.width > 2 * photo.height
        let words = overlay.diagnosis.isInformative ? [] : [overlay.diagnosis.description]
        return Figure(
            title: title, score: score, subtitle: subtitle, rows: wide ? [[first], [second]] : [[first, second]],
            captions: words + captions)
    }

    /// A contact sheet: the panels in rows of `columns`.
    public static func contactSheet(
        _ panels: [Panel], columns: Int, title: String, captions: [String] = [], width: Int = 1600
    ) -> Figure {
        let columns = max(columns, 1)
        let rows = stride(from: 0, to: panels.count, by: columns).map { start in
            Array(panels[start..<min(start + columns, panels.count)])
        }
        return Figure(title: title, rows: rows, captions: captions, width: width, maximumPanelHeight: 420)
    }

    /// The figure as a picture.
    /// - Throws: `ImagingError.invalidArgument` where there is no panel or the figure would be taller than 32767 pixels.
    public func draw() throws(ImagingError) -> Picture {
        guard rows.contains(where: { !$0.isEmpty }), (320...8192).contains(width) else {
            throw .invalidArgument(
                what: "a figure of \(rows.count) rows and \(width) pixels cannot be drawn",
                advice: "give at least one panel and a width from 320 to 8192")
        }
        let layout = try FigureLayout(self)
        let canvas = try Canvas(width: layout.width, height: layout.height, background: FigureStyle.background)
        try layout.draw(on: canvas)
        return canvas.picture
    }
}

/// The sizes and colours of figures.
enum FigureStyle {
    static let background = Colour(grey: 250)
    static let ink = Colour(red: 31, green: 35, blue: 40)
    static let quiet = Colour(red: 89, green: 96, blue: 105)
    static let accent = Colour(red: 9, green: 105, blue: 218)
    static let line = Colour(red: 201, green: 207, blue: 214)
    static let margin = 36
    static let gap = 28
    static let minimumWidth = 640
    static let title = Canvas.Font(size: 27, bold: true)
    static let score = Canvas.Font(size: 27)
    static let subtitle = Canvas.Font(size: 18)
    static let label = Canvas.Font(size: 17, bold: true)
    static let detail = Canvas.Font(size: 15)
    static let caption = Canvas.Font(size: 16)
    static let tick = Canvas.Font(size: 14)
    static let labelHeight = 30
    static let barWidth = 18
    static let barGap = 12
    /// What a bar under its picture takes: gap, bar and numbers.
    static let lowBarHeight = 52
    /// Pictures lower than this have their bar below.
    static let shortestBar = 150
    /// How far small pictures are enlarged.
    static let largestEnlargement = 6.0
}

/// Pictures with what is known about them.
public struct Dataset: Sendable, Hashable {
    /// The readable entries, in the order of the source.
    public var entries: [DatasetEntry]
    /// Entries that could not be read, one sentence each; they are left out.
    public var problems: [String]

    /// A data set of these entries.
    public init(entries: [DatasetEntry], problems: [String] = []) {
        self.entries = entries
        self.problems = problems
    }
}

/// One picture of a data set, and one class of the objects in it: a picture with boxes of two classes is two entries.
public struct DatasetEntry: Sendable, Hashable {
    /// The picture's file.
    public var image: String
    /// The true class: what the source calls it; nil where it is not known.
    public var label: ClassReference?
    /// Boxes around objects, in the picture's own pixels.
    public var boxes: [AnnotatedBox]
    /// A picture of the object, the size of the photograph; nil where there is none.
    public var mask: AnnotatedMask?
    /// The size that the boxes are measured in; nil means the picture's own.
    public var annotatedSize: PixelSize?

    /// A picture with annotations.
    public init(
        image: String, label: ClassReference? = nil, boxes: [AnnotatedBox] = [], mask: AnnotatedMask? = nil,
        annotatedSize: PixelSize? = nil
    ) {
        self.image = image
        self.label = label
        self.boxes = boxes
        self.mask = mask
        self.annotatedSize = annotatedSize
    }
}

/// How a source names a class.
public enum ClassReference: Sendable, Hashable {
    /// Its position in the model's output.
    case index(Int)
    /// A name, or a WordNet identifier such as `n02123394`.
    case name(String)
}

/// A width and a height in pixels.
public struct PixelSize: Sendable, Hashable {
    /// Columns.
    public var width: Int
    /// Rows.
    public var height: Int

    /// A size.
    public init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }
}

/// A box around an object.
public struct AnnotatedBox: Sendable, Hashable {
    /// The object's class; nil where it is the picture's.
    public var label: ClassReference?
    /// The left edge, measured from the outer edge of the first pixel.
    public var left: Double
    /// The upper edge.
    public var top: Double
    /// The right edge.
    public var right: Double
    /// The lower edge.
    public var bottom: Double
    /// Whether the source calls the object difficult.
    public var isDifficult: Bool

    /// A box.
    public init(
        label: ClassReference? = nil, left: Double, top: Double, right: Double, bottom: Double,
        isDifficult: Bool = false
    ) {
        self.label = label
        self.left = left
        self.top = top
        self.right = right
        self.bottom = bottom
        self.isDifficult = isDifficult
    }
}

/// A picture that marks the object's pixels.
public struct AnnotatedMask: Sendable, Hashable {
    /// The mask's file: a grey or palette picture, or `.npy`.
    public var file: String
    /// Which values are the object; nil means every value but zero.
    public var object: Set<Int>?
    /// Which values nobody decided about: trimap borders, VOC's 255.
    public var undecided: Set<Int>

    /// A mask.
    public init(file: String, object: Set<Int>? = nil, undecided: Set<Int> = []) {
        self.file = file
        self.object = object
        self.undecided = undecided
    }
}

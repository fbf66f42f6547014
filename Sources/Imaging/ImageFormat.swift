/// A file format that pictures are read from.
public enum ImageFormat: String, Sendable, Hashable, CaseIterable {
    /// ISO/IEC 10918: lossy, no transparency.
    case jpeg = "JPEG"
    /// ISO/IEC 15948: lossless.
    case png = "PNG"
    /// RFC 9649: lossy or lossless, with or without transparency.
    case webp = "WebP"
}

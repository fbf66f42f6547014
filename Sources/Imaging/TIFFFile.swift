import CTIFF
import Foundation

/// An open TIFF file in memory. Lives no longer than the bytes that it reads.
@safe final class TIFFFile {
    let name: String
    let limits: DecodingLimits
    let byteCount: Int
    private let file: OpaquePointer
    private let source: TIFFSource

    /// Opens the first page.
    init(_ bytes: UnsafeRawBufferPointer, name: String, limits: DecodingLimits) throws(ImagingError) {
        _ = Self.isSilent
        (self.name, self.limits, byteCount) = (name, limits, bytes.count)
        source = unsafe TIFFSource(bytes)
        guard let options = unsafe TIFFOpenOptionsAlloc() else {
            throw .malformed(name: name, format: .tiff, reason: "it cannot be opened")
        }
        defer { unsafe TIFFOpenOptionsFree(options) }
        unsafe TIFFOpenOptionsSetMaxSingleMemAlloc(options, tmsize_t(limits.maximumMemory))
        let handle = unsafe Unmanaged.passUnretained(source).toOpaque()
        // m: the file is not mapped into memory, where it is already.
        let opened = unsafe TIFFClientOpenExt(
            name, "rm", handle, { unsafe tmsize_t(TIFFSource.of($0)?.read($1, Int($2)) ?? 0) }, { _, _, _ in 0 },
            { unsafe TIFFSource.of($0)?.seek($1, $2) ?? 0 }, { _ in 0 }, { unsafe TIFFSource.of($0)?.size ?? 0 },
            { _, _, _ in 0 }, { _, _, _ in }, options)
        guard let opened = unsafe opened else {
            throw .malformed(name: name, format: .tiff, reason: "its first page cannot be found")
        }
        unsafe file = opened
    }

    deinit { unsafe TIFFClose(file) }

    /// libtiff prints what it finds unless told otherwise; its handlers take C's variable arguments.
    private static let isSilent: Bool = {
        _ = unsafe TIFFSetErrorHandler(nil)
        _ = unsafe TIFFSetWarningHandler(nil)
        return true
    }()

    /// Goes to the next page; false behind the last one.
    func advance() -> Bool { unsafe TIFFReadDirectory(file) == 1 }

    /// Goes to a page.
    func select(_ directory: Int) throws(ImagingError) {
        guard unsafe TIFFSetDirectory(file, tdir_t(directory)) == 1 else {
            throw .malformed(name: name, format: .tiff, reason: "page \(directory + 1) cannot be found")
        }
    }

    /// What the page says; nil where it lacks its size.
    func page() -> TIFFPage? {
        guard let width = long(TIFFTAG_IMAGEWIDTH), let height = long(TIFFTAG_IMAGELENGTH), width > 0, height > 0,
            let channels = short(TIFFTAG_SAMPLESPERPIXEL), let bits = short(TIFFTAG_BITSPERSAMPLE), channels > 0
        else { return nil }
        let photometric = short(TIFFTAG_PHOTOMETRIC) ?? Int(PHOTOMETRIC_MINISBLACK)
        let number: TIFFPage.Number? =
            switch (short(TIFFTAG_SAMPLEFORMAT) ?? Int(SAMPLEFORMAT_UINT), bits) {
            case (Int(SAMPLEFORMAT_UINT), 8), (Int(SAMPLEFORMAT_UINT), 16), (Int(SAMPLEFORMAT_UINT), 32),
                (Int(SAMPLEFORMAT_VOID), 8), (Int(SAMPLEFORMAT_VOID), 16):
                .unsigned(bits: bits)
            case (Int(SAMPLEFORMAT_INT), 8), (Int(SAMPLEFORMAT_INT), 16), (Int(SAMPLEFORMAT_INT), 32):
                .signed(bits: bits)
            case (Int(SAMPLEFORMAT_IEEEFP), 16), (Int(SAMPLEFORMAT_IEEEFP), 32), (Int(SAMPLEFORMAT_IEEEFP), 64):
                .float(bits: bits)
            default: nil
            }
        let plain = [PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE, PHOTOMETRIC_RGB].map { Int($0) }
        let isColour = photometric == Int(PHOTOMETRIC_RGB) && channels >= 3
        return TIFFPage(
            width: width, height: height, channels: channels, number: number ?? .unsigned(bits: 8),
            isPlanar: channels > 1 && short(TIFFTAG_PLANARCONFIG) == Int(PLANARCONFIG_SEPARATE),
            isTiled: unsafe TIFFIsTiled(file) != 0,
            isReduced: (long(TIFFTAG_SUBFILETYPE) ?? 0) & Int(FILETYPE_REDUCEDIMAGE) != 0,
            isInverted: photometric == Int(PHOTOMETRIC_MINISWHITE),
            isDirect: number != nil && plain.contains(photometric), alpha: alpha(colours: isColour ? 3 : 1, channels),
            orientation: UInt16(short(TIFFTAG_ORIENTATION) ?? 1))
    }

    /// What the one channel behind the colours does.
    private func alpha(colours: Int, _ channels: Int) -> TIFFPage.Alpha {
        guard channels == colours + 1 else { return .none }
        var count: UInt16 = 0
        var kinds: UnsafeMutablePointer<UInt16>?
        let found = unsafe withUnsafeMutablePointer(to: &count) { count in
            unsafe withUnsafeMutablePointer(to: &kinds) { kinds in
                unsafe withVaList([count, kinds]) {
                    unsafe TIFFVGetFieldDefaulted(file, UInt32(TIFFTAG_EXTRASAMPLES), $0)
                }
            }
        }
        guard found == 1, count == 1, let kind = unsafe kinds?.pointee else { return .none }
        switch Int32(kind) {
        case EXTRASAMPLE_ASSOCALPHA: return .multiplied
        case EXTRASAMPLE_UNASSALPHA: return .separate
        default: return .none
        }
    }

    private func short(_ tag: Int32) -> Int? {
        var value: UInt16 = 0
        let found = unsafe withUnsafeMutablePointer(to: &value) { place in
            unsafe withVaList([place]) { unsafe TIFFVGetFieldDefaulted(file, UInt32(tag), $0) }
        }
        return found == 1 ? Int(value) : nil
    }

    private func long(_ tag: Int32) -> Int? {
        var value: UInt32 = 0
        let found = unsafe withUnsafeMutablePointer(to: &value) { place in
            unsafe withVaList([place]) { unsafe TIFFVGetFieldDefaulted(file, UInt32(tag), $0) }
        }
        return found == 1 ? Int(value) : nil
    }

    /// The numbers of the page's strips or tiles, put where its channels begin.
    func read(_ page: TIFFPage, into samples: inout TIFFSamples, from channel: Int) throws(ImagingError) {
        let size = unsafe Int(page.isTiled ? TIFFTileSize(file) : TIFFStripSize(file))
        let across = page.isTiled ? long(TIFFTAG_TILEWIDTH) ?? 0 : page.width
        let down =
            page.isTiled ? long(TIFFTAG_TILELENGTH) ?? 0 : min(long(TIFFTAG_ROWSPERSTRIP) ?? page.height, page.height)
        let chunkChannels = page.isPlanar ? 1 : page.channels
        let pixelBytes = chunkChannels * page.number.bytes
        guard across > 0, down > 0, size > 0, size <= limits.maximumMemory, across <= size / pixelBytes else {
            throw .malformed(name: name, format: .tiff, reason: "its strips or tiles have no size that can be")
        }
        var buffer = [UInt8](repeating: 0, count: size)
        for plane in 0..<(page.isPlanar ? page.channels : 1) {
            for top in stride(from: 0, to: page.height, by: down) {
                for left in stride(from: 0, to: page.width, by: across) {
                    let rows = min(down, page.height - top)
                    let read =
                        unsafe page.isTiled
                        ? TIFFReadEncodedTile(
                            file, TIFFComputeTile(file, UInt32(left), UInt32(top), 0, UInt16(plane)), &buffer,
                            tmsize_t(size))
                        : TIFFReadEncodedStrip(
                            file, TIFFComputeStrip(file, UInt32(top), UInt16(plane)), &buffer, tmsize_t(size))
                    guard Int(read) >= rows * across * pixelBytes else {
                        throw .malformed(
                            name: name, format: .tiff, reason: "the rows from \(top + 1) on cannot be decoded")
                    }
                    samples.put(
                        buffer, page, left: left, top: top, columns: min(across, page.width - left), rows: rows,
                        rowBytes: across * pixelBytes, channels: chunkChannels, at: channel + plane)
                }
            }
        }
    }

    /// `height * width * 3` bytes of a page in colours that libtiff knows: palettes, YCbCr, CMYK, few bits.
    func colours(_ page: TIFFPage) throws(ImagingError) -> [UInt8] {
        var raster = [UInt32](repeating: 0, count: page.width * page.height)
        var text = [CChar](repeating: 0, count: 1024)
        // Asked for the orientation that the file has, libtiff turns nothing.
        guard unsafe TIFFRGBAImageOK(file, &text) == 1,
            unsafe TIFFReadRGBAImageOriented(
                file, UInt32(page.width), UInt32(page.height), &raster, Int32(page.orientation), 1) == 1
        else {
            let words = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw .malformed(name: name, format: .tiff, reason: words.isEmpty ? "its pixels cannot be decoded" : words)
        }
        var pixels: [UInt8] = []
        pixels.reserveCapacity(raster.count * 3)
        for pixel in raster {
            for shift: UInt32 in [0, 8, 16] { pixels.append(UInt8(truncatingIfNeeded: pixel >> shift)) }
        }
        return pixels
    }
}

/// Bytes in memory as libtiff's client reads them.
@safe private final class TIFFSource {
    private let bytes: UnsafeRawBufferPointer
    private var position: UInt64 = 0

    init(_ bytes: UnsafeRawBufferPointer) { unsafe self.bytes = unsafe bytes }

    /// The source behind libtiff's handle, which only this file makes.
    static func of(_ handle: UnsafeMutableRawPointer?) -> TIFFSource? {
        unsafe handle.map { unsafe Unmanaged<TIFFSource>.fromOpaque($0).takeUnretainedValue() }
    }

    var size: UInt64 { unsafe UInt64(bytes.count) }

    func read(_ target: UnsafeMutableRawPointer?, _ wanted: Int) -> Int {
        guard let target = unsafe target, position < size, wanted > 0, let base = unsafe bytes.baseAddress else {
            return 0
        }
        let count = unsafe min(wanted, bytes.count - Int(position))
        unsafe target.copyMemory(from: base + Int(position), byteCount: count)
        position += UInt64(count)
        return count
    }

    func seek(_ offset: UInt64, _ origin: Int32) -> UInt64 {
        switch origin {
        case SEEK_CUR: position &+= offset
        case SEEK_END: position = size &+ offset
        default: position = offset
        }
        return position
    }
}

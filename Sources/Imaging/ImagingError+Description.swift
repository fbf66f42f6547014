extension ImagingError: CustomStringConvertible {
    /// One sentence on what happened and where, and what to do next.
    public var description: String {
        switch self {
        case .fileNotFound(let path):
            "There is no file at '\(path)'; check the spelling and the folder you are in"
        case .isFolder(let path):
            "'\(path)' is a folder, not a picture; name the files in it, for example with '\(path)/*.jpg'"
        case .unreadable(let path, let reason):
            "'\(path)' cannot be read (\(reason)); check its permissions and that it is a regular file"
        case .emptyFile(let name):
            "'\(name)' is empty (0 bytes); copy or download it again"
        case .fileTooLarge(let name, let maximum):
            "'\(name)' is larger than \(mebibytes(maximum)), the limit for a picture file; "
                + "save it smaller, or raise the limit on file bytes"
        case .unsupportedFormat(let name, let looksLike, let advice):
            "'\(name)' is not a picture that can be read here: it looks like \(looksLike); \(advice)"
        case .tooManyPixels(let name, let width, let height, let maximum):
            "'\(name)' says it has \(width) x \(height) pixels, more than the limit of \(maximum); "
                + "scale it down, or raise the limit on pixels if you trust the file"
        case .tooMuchMemory(let name, let width, let height, let maximum):
            "Decoding '\(name)' (\(width) x \(height) pixels) would take more than \(mebibytes(maximum)); "
                + "scale it down or save it as plain 8-bit RGB, or raise the limit on memory if you trust the file"
        case .truncated(let name, let format):
            "The \(format.rawValue) file '\(name)' ends before the picture does; copy or download it again"
        case .malformed(let name, let format, let reason):
            "'\(name)' is a damaged or unusual \(format.rawValue) file (\(reason)); "
                + (format == .numpy || format == .numpyArchive
                    ? "save it anew with numpy.save or numpy.savez"
                    : "open it in a picture editor and save it anew as PNG or JPEG")
        case .encodingFailed(let format, let width, let height, let reason):
            "A picture of \(width) x \(height) pixels cannot be written as \(format.rawValue) (\(reason)); "
                + "scale it down or choose another format"
        case .unknownExtension(let path):
            "'\(path)' names no format to write; end the file name in .png, .jpg or .jpeg"
        case .unwritable(let path, let reason):
            "'\(path)' cannot be written (\(reason)); choose another place, or free some space"
        case .invalidArgument(let what, let advice):
            "\(what); \(advice)"
        }
    }

    private func mebibytes(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : "\(bytes) bytes"
    }
}

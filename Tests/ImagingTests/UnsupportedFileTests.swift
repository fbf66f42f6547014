import Foundation
import Imaging
import Testing

@Suite struct UnsupportedFileTests {
    static let foreign: [(start: Data, looksLike: String, advice: String)] = [
        (Data("GIF89a\u{1}\0\u{1}\0".utf8), "GIF", "PNG"),
        (Data("BM".utf8) + [0x9A, 0, 0, 0, 0, 0, 0, 0, 0x36, 0, 0, 0], "BMP", "convert"),
        (Data([0, 0, 0, 24]) + Data("ftypheic\0\0\0\0".utf8), "HEIC", "convert"),
        (Data([0, 0, 0, 24]) + Data("ftypavif\0\0\0\0".utf8), "AVIF", "convert"),
        (Data([0, 0, 0, 24]) + Data("ftypisom\0\0\0\0".utf8), "film", "frame"),
        (Data([0xFF, 0x0A, 0xFA]), "JPEG XL", "convert"),
        (Data("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8), "SVG", "render"),
        (Data("<?xml version='1.0'?>\n<!-- x -->\n<svg/>".utf8), "SVG", "render"),
        (Data("\n <!DOCTYPE html><html>".utf8), "web page", "download"),
        (Data("P6\n2 2\n255\n".utf8), "PNM", "convert"),
        (Data("%PDF-1.7\n".utf8), "PDF", "export"),
        (Data("PK\u{3}\u{4}".utf8), "ZIP", "unpack"),
        (Data("name,label\nkat\u{E9},3\n".utf8), "text", "JPEG, PNG, WebP or TIFF"),
        (Data([0, 1, 2, 3, 0xFE, 0xED]), "binary data", "JPEG, PNG, WebP or TIFF"),
        (Data([0xFF, 0xD8]), "binary data", "JPEG, PNG, WebP or TIFF"),
    ]

    @Test("A foreign file is named for what it is, with what to do", arguments: foreign)
    func foreignFile(_ file: (start: Data, looksLike: String, advice: String)) throws {
        let error = #expect(throws: ImagingError.self) { try Picture(decoding: file.start, name: "given.jpg") }
        guard case .unsupportedFormat("given.jpg", let looksLike, let advice) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(looksLike.contains(file.looksLike))
        #expect(advice.contains(file.advice))
        let text = try #require(error).description
        #expect(text.contains(looksLike) && text.contains(advice) && text.contains("'given.jpg'"))
    }

    @Test func emptyFile() {
        #expect(throws: ImagingError.emptyFile(name: "none.png")) { try Picture(decoding: Data(), name: "none.png") }
    }

    @Test func folder() {
        let path = ImageFixtures.golden.path
        #expect(throws: ImagingError.isFolder(path: path)) { try Picture(contentsOf: path) }
    }

    @Test func missingFile() {
        #expect(throws: ImagingError.fileNotFound(path: "/no/such/file.png")) {
            try Picture(contentsOf: "/no/such/file.png")
        }
    }

    @Test("A header alone is a damaged file of its format")
    func headersAlone() throws {
        let files: [(Data, ImageFormat)] = [
            (Data("II*\0".utf8) + [8, 0, 0, 0], .tiff), (Data("MM\0*".utf8) + [0, 0, 0, 8], .tiff),
            (Data([0x93]) + Data("NUMPY\u{1}\0".utf8), .numpy),
        ]
        for (data, format) in files {
            let error = #expect(throws: ImagingError.self) { try Picture(decoding: data, name: "x") }
            guard case .malformed("x", format, _) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
        }
    }

    @Test("A text that starts with a JPEG's first bytes is a damaged JPEG")
    func damagedFile() {
        let error = #expect(throws: ImagingError.self) {
            try Picture(decoding: Data([0xFF, 0xD8, 0xFF, 0xE0]) + Data("hello".utf8), name: "x")
        }
        #expect(error == .truncated(name: "x", format: .jpeg))
    }
}

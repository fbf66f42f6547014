import Foundation
import ONNXFormat
import Testing

@Suite struct ForeignFormatTests {
    static let files: [(ForeignFormat, Data)] = [
        (.empty, Data()),
        (.gitLFSPointer, Data("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n".utf8)),
        (.webPage, Data("\n<!DOCTYPE html>\n<html lang=\"en\">".utf8)),
        (.json, Data("{\"irVersion\": 8}".utf8)),
        (.xml, Data("<?xml version=\"1.0\"?><net/>".utf8)),
        (.text, Data("name: \"model\"\nlayers {}\n".utf8)),
        (.picture, Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])),
        (.picture, Data([0xFF, 0xD8, 0xFF, 0xE0])),
        (.archive, Data([0x50, 0x4B, 0x03, 0x04, 0x00])),
        (.compressed, Data([0x1F, 0x8B, 0x08])),
        (.pickle, Data([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC])),
        (.hdf5, Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A])),
        (.numpy, Data([0x93] + Array("NUMPY".utf8) + [1, 0])),
        (.safetensors, Data([0x40, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{}}".utf8))),
        (.gguf, Data("GGUF".utf8) + Data([3, 0, 0, 0])),
        (.tensorFlowLite, Data([0x1C, 0, 0, 0] + Array("TFL3".utf8))),
        (.ortFormat, Data([0x1C, 0, 0, 0] + Array("ORTM".utf8))),
        (.zeros, Data(count: 4096)),
    ]

    @Test func everyFormatIsRecognised() {
        #expect(Set(Self.files.map(\.0)) == Set(ForeignFormat.allCases))
        for (format, data) in Self.files {
            #expect(throws: ONNXFormatError.foreignFormat(path: "The model", format: format)) {
                try ONNXFile.read(data: data)
            }
        }
    }

    @Test func aModelIsNotForeign() throws {
        #expect(ForeignFormat(try ONNXFormatGolden.load().model) == nil)
    }

    @Test func theMessageSaysWhatItIsAndWhatToDo() {
        let error = ONNXFormatError.foreignFormat(path: "a.onnx", format: .gitLFSPointer)
        #expect(
            error.description
                == "a.onnx is not an ONNX model: it looks like a Git LFS pointer, a small text that stands "
                + "for the real file. Fetch the real one with `git lfs pull`.")
    }
}

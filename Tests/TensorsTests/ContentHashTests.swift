import Foundation
import Tensors
import TestSupport
import Testing

@Suite struct ContentHashTests {
    /// The examples of FIPS 180-4 and NIST's example values for SHA-256; the lengths around a block's end by Python's hashlib.
    @Test(arguments: [
        ("", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        ("a", 1_000_000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
        ("a", 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        ("a", 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        ("a", 63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
        ("a", 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        ("a", 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
        ("a", 120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
    ])
    func equalsPublishedDigests(_ text: String, _ count: Int, _ digest: String) throws {
        let data = Data(String(repeating: text, count: count).utf8)
        #expect(ContentHash(of: data).description == digest)
        try TemporaryFolder.with { folder in
            try data.write(to: URL(fileURLWithPath: folder + "/file"))
            #expect(try ContentHash(contentsOf: folder + "/file") == ContentHash(of: data))
        }
    }

    /// A file longer than the portions in which it is read: two mebibytes and a byte, by `sha256sum`.
    @Test func readsInPortions() throws {
        try TemporaryFolder.with { folder in
            try Data(repeating: 7, count: (2 << 20) + 1).write(to: URL(fileURLWithPath: folder + "/file"))
            #expect(
                try ContentHash(contentsOf: folder + "/file").description
                    == "a31e7920b0f45b33bf28024ff1ee523c3b6f4a26f8e0a790bbd81441ae59da8c")
        }
    }

    @Test func refusesWhatIsNoFile() {
        #expect(throws: TensorError.self) { try ContentHash(contentsOf: "/dev/zero") }
        #expect(throws: TensorError.self) { try ContentHash(contentsOf: "/absent/file") }
    }
}

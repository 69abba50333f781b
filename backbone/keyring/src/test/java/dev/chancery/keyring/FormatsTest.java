package dev.chancery.keyring;

import static org.assertj.core.api.Assertions.assertThat;

import dev.chancery.schema.options.v1.RetentionClass;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes that may never change, computed by another program (Python's hmac and OpenSSL's AES-GCM) from the class comments. */
class FormatsTest {
    private static final HexFormat HEX = HexFormat.of();
    private static final byte[] ROOT = HEX.parseHex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

    @Test
    void aSealedValueOfTheFirstVersionOpensForEver() {
        var where = new SealContext(
                "0199f2a0-0000-7000-8000-000000000001",
                "11111111-2222-3333-4444-555555555555",
                RetentionClass.RETENTION_CLASS_ACCOUNT,
                UUID.fromString("0199f2a0-0000-7000-8000-00000000000a"),
                "chancery.identity.v1.PrincipalCreated",
                "email");
        byte[] sealed = HEX.parseHex("404142434445464748494a4b4c4d4e4f5051525354555657"
                + "647b93371b94ad84474b8922f7e7d23a57e90a76c3365780b563abf34f19ee35"
                + "86fbeac849d3f279818570118ad5796fa574984742cf74cc3627db90accce0fde750d356b31a023c9cd921101e172047");

        byte[] padded = CommittingAead.open(SecretBytes.owning(ROOT.clone()), where.associatedData(1), sealed);

        assertThat(Padding.unpad(padded)).asString(StandardCharsets.UTF_8).isEqualTo("ada@example.org");
    }

    @Test
    void aKeyedHashStaysTheSame() {
        var key = new HashKey(SecretBytes.owning(ROOT.clone()));
        byte[] purpose = Framing.labelled("chancery/keyed-hash/v1")
                .text("identity/email")
                .toBytes();

        assertThat(key.keyedHash(purpose, "ada@example.org".getBytes(StandardCharsets.UTF_8)))
                .asHexString()
                .isEqualToIgnoringCase("41f7e1000c5ae9575fd78a869365508322fea40585ab7112345bbb72e7ac7c52");
    }

    @Test
    void aKeyFileAndWhatIsDerivedFromItStayTheSame(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("key");
        Files.writeString(file, """
                chancery-key-1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 _THtySMM1UU
                chancery-ring-key-1 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 b12Mj9arSlE
                chancery-installation-ring-key-1 1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8 -v2nZ3bNZkQ
                """);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        assertThat(KeyFileSealer.open(file).derive("postgres/chancery_identity"))
                .isEqualTo("1ref-eGPjxJatXtpY1K9XIlZWskf6nwqwC0JXH_MaI4");
    }
}

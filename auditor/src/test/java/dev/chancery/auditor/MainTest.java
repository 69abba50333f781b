package dev.chancery.auditor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MainTest {
    private final SampleExport sample = SampleExport.valid(12);
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @TempDir
    private Path directory;

    private String export;
    private String trust;

    @BeforeEach
    void write() throws IOException {
        export = sample.write(directory).toString();
        trust = directory.resolve("trust").toString();
    }

    @Test
    void intactIsZero() {
        assertThat(run("verify", export, "--trust", trust)).isZero();
        assertThat(out.toString(UTF_8)).endsWith("INTACT\n").contains("origin      " + SampleExport.ORIGIN);
        assertThat(err.toString(UTF_8)).isEmpty();
    }

    @Test
    void optionsMayComeFirst() {
        assertThat(run("verify", "--trust", trust, "--json", export)).isZero();
        assertThat(out.toString(UTF_8))
                .startsWith("{\"intact\":true,\"origin\":\"" + SampleExport.ORIGIN)
                .endsWith("}\n");
    }

    @Test
    void aFindingIsOne() throws Exception {
        Files.createFile(directory.resolve("export/\"extra\""));
        assertThat(run("verify", export, "--trust", trust)).isOne();
        assertThat(out.toString(UTF_8))
                .contains("NOT INTACT: 1 finding\n   1. \"extra\" [layout] a file that does not belong there\n");
        out.reset();
        assertThat(run("verify", export, "--trust", trust, "--json")).isOne();
        assertThat(out.toString(UTF_8))
                .contains("\"findings\":[{\"file\":\"\\\"extra\\\"\",\"position\":null,\"rule\":\"layout\",");
    }

    @Test
    void aStrangersLogIsOne() throws Exception {
        Files.writeString(directory.resolve("trust"), SampleExport.valid(1).trust());
        assertThat(run("verify", export, "--trust", trust)).isOne();
        assertThat(out.toString(UTF_8)).contains("NOT signed by a trusted log key", "NOT INTACT: 13 findings");
    }

    @Test
    void anEmptyDirectoryIsOne() throws Exception {
        String empty = Files.createDirectory(directory.resolve("empty")).toString();
        assertThat(run("verify", empty, "--trust", trust)).isOne();
        assertThat(out.toString(UTF_8)).contains("log/checkpoint [layout] missing");
    }

    @Test
    void wrongUsageIsTwo() {
        for (List<String> args : List.of(
                List.<String>of(),
                List.of("check"),
                List.of("verify"),
                List.of("verify", export),
                List.of("verify", "--trust", trust),
                List.of("verify", export, "--trust"),
                List.of("verify", export, "--trust", ""),
                List.of("verify", export, export, "--trust", trust),
                List.of("verify", export, "--trust", trust, "--trust", trust),
                List.of("verify", export, "--trust", trust, "--strict"))) {
            assertThat(run(args.toArray(String[]::new))).as("%s", args).isEqualTo(2);
            assertThat(err.toString(UTF_8)).contains("usage: verify EXPORT --trust FILE");
        }
        assertThat(out.size()).isZero();
    }

    @Test
    void aTrustFileThatIsNoneIsTwo() throws Exception {
        String vkey = sample.logKey.vkey();
        String name = SampleExport.ORIGIN;
        byte[] anotherType = Base64.getDecoder().decode(vkey.split("\\+", 3)[2]);
        anotherType[0] = 2;
        for (String text : List.of(
                "",
                "\n",
                vkey + "\n\n",
                vkey + "\r\n",
                "# ours\n" + vkey + "\n",
                vkey + "\n" + vkey + "\n",
                vkey.replace(name, name + "x"),
                vkey.substring(0, vkey.length() - 1),
                name + "+00000000+" + Base64.getEncoder().encodeToString(anotherType),
                smallOrder(name),
                "\u00e9\n",
                "x".repeat(2_000_000))) {
            Files.writeString(directory.resolve("trust"), text);
            assertThat(run("verify", export, "--trust", trust)).as(text).isEqualTo(2);
        }
        assertThat(err.toString(UTF_8)).contains("trust file: line 2: a key of this name and id stands above");
        Files.write(directory.resolve("trust"), new byte[] {(byte) 0xff});
        assertThat(run("verify", export, "--trust", trust)).isEqualTo(2);
    }

    /** The neutral element as a key: it would verify what nobody signed. */
    private static String smallOrder(String name) {
        byte[] typed = new byte[33];
        typed[0] = 1;
        typed[1] = 1;
        byte[] id = SigningKey.sha256(name.getBytes(UTF_8), new byte[] {'\n'}, typed);
        return name + "+" + java.util.HexFormat.of().formatHex(id, 0, 4) + "+"
                + Base64.getEncoder().encodeToString(typed);
    }

    @Test
    void aTrustFileWithoutTheLastNewlineIsRead() throws Exception {
        Files.writeString(directory.resolve("trust"), sample.trust().strip());
        assertThat(run("verify", export, "--trust", trust)).isZero();
    }

    @Test
    void aPinnedContractIsReadAndMustBeOne() throws Exception {
        Path pinned = directory.resolve("pinned");
        Files.write(pinned, sample.contract);
        assertThat(run("verify", export, "--trust", trust, "--contract", pinned.toString()))
                .isZero();
        Files.writeString(pinned, "no contract");
        assertThat(run("verify", export, "--trust", trust, "--contract", pinned.toString()))
                .isEqualTo(2);
    }

    @Test
    void whatCannotBeReadIsThree() throws Exception {
        String nowhere = directory.resolve("nowhere").toString();
        assertThat(run("verify", nowhere, "--trust", trust)).isEqualTo(3);
        assertThat(run("verify", trust, "--trust", trust)).isEqualTo(3);
        assertThat(run("verify", export, "--trust", nowhere)).isEqualTo(3);
        assertThat(run("verify", export, "--trust", export)).isEqualTo(3);
        assertThat(run("verify", export, "--trust", trust, "--contract", nowhere))
                .isEqualTo(3);
        assertThat(err.toString(UTF_8)).contains("cannot read: ").doesNotContain("\tat ");
        assertThat(out.size()).isZero();
    }

    @Test
    void aReportThatCannotBeWrittenIsThree() {
        PrintStream full = new PrintStream(new OutputStream() {
            @Override
            public void write(int octet) throws IOException {
                throw new IOException("full");
            }
        });
        assertThat(Main.run(new String[] {"verify", export, "--trust", trust}, full, printing(err)))
                .isEqualTo(3);
    }

    private int run(String... args) {
        return Main.run(args, printing(out), printing(err));
    }

    private static PrintStream printing(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, UTF_8);
    }
}

package dev.chancery.identity;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerClaimTest {
    private Path file;

    @TempDir
    private Path directory;

    @BeforeEach
    void inItsDirectory() {
        file = directory.resolve("owner-claim");
    }

    @Test
    void itHas256BitsAndItsHashIsTold() throws IOException {
        ByteString hash = new OwnerClaim(file, () -> {}).offer();

        assertThat(Files.readString(file)).matches("[A-Za-z0-9_-]{43}\n");
        assertThat(hash).isEqualTo(OwnerClaim.hash(Files.readString(file).strip()));
    }

    @Test
    void onlyItsOwnerReadsIt() throws IOException {
        new OwnerClaim(file, () -> {}).offer();

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
    }

    @Test
    void noTwoAreTheSame() {
        assertThat(new OwnerClaim(file, () -> {}).offer())
                .isNotEqualTo(new OwnerClaim(directory.resolve("another"), () -> {}).offer());
    }

    @Test
    void aStartAfterACrashOffersTheSame() {
        ByteString before = new OwnerClaim(file, () -> {}).offer();

        assertThat(new OwnerClaim(file, () -> {}).offer()).isEqualTo(before);
    }

    @Test
    void whatACrashLeftHalfWrittenIsNeverTheClaim() throws IOException {
        Path unfinished = directory.resolve("owner-claim.new");
        Files.writeString(unfinished, "half");
        assertThat(new OwnerClaim(file, () -> {}).isOffered()).isFalse();

        new OwnerClaim(file, () -> {}).offer();

        assertThat(Files.readString(file)).matches("[A-Za-z0-9_-]{43}\n");
        assertThat(unfinished).doesNotExist();
    }

    @Test
    void withdrawnItIsGoneAndWithdrawingTwiceIsANoOp() {
        var claim = new OwnerClaim(file, () -> {});
        claim.offer();
        assertThat(claim.isOffered()).isTrue();

        claim.withdraw();
        claim.withdraw();

        assertThat(claim.isOffered()).isFalse();
        assertThat(directory).isEmptyDirectory();
    }
}

package dev.chancery.quickstart;

import dev.chancery.app.configuration.Unusable;
import dev.chancery.keyring.Ed25519Verifier;
import dev.chancery.keyring.Sealer;
import dev.chancery.keyring.Signer;
import dev.chancery.keyring.age.AgeIdentity;
import dev.chancery.keyring.age.AgeInput;
import dev.chancery.keyring.age.AgeOutput;
import dev.chancery.keyring.age.AgeRecipient;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A backup as a file: a zip of the files, last among them {@value #MANIFEST} with the hash of each and {@value #SIGNATURE} over that, encrypted by
 * age. So {@code age -d -i KEY FILE} and any unzip open it without Chancery.
 *
 * <p>It is written under another name, flushed, and renamed when it is whole. A name ending in a slash is a directory.
 */
final class BackupFile {
    static final String MANIFEST = "manifest.json";
    static final String SIGNATURE = "manifest.sig";

    private static final int BUFFER_BYTES = 64 << 10;
    /** Of a backup's manifest: room for half a million files. */
    private static final int MAX_MANIFEST_BYTES = 64 << 20;

    private BackupFile() {}

    /** Writes the files of a backup into it. */
    interface Content {
        /** Answers what the manifest says of the content, without its files. */
        BackupManifest write(Writer to) throws IOException, SQLException;
    }

    /** Takes what a verified backup holds. */
    interface Target {
        /** @param name ends in a slash for a directory */
        void take(String name, InputStream content) throws IOException, SQLException;
    }

    /** Writes a backup at a place where nothing is yet; answers its size in bytes. Whatever becomes of it, no part of one is left there. */
    static long write(Path file, List<AgeRecipient> recipients, Signer signer, Content content)
            throws IOException, SQLException {
        requireFree(file);
        return replace(file, recipients, signer, content);
    }

    /** The same where one is already, which stays until the newer one is whole. */
    static long replace(Path file, List<AgeRecipient> recipients, Signer signer, Content content)
            throws IOException, SQLException {
        return whole(file, out -> {
            try (var writer = new Writer(new AgeOutput(out, recipients))) {
                BackupManifest said = content.write(writer);
                writer.finish(said, signer);
            }
        });
    }

    /** Writes some bytes, encrypted, in the same way. */
    static long write(Path file, List<AgeRecipient> recipients, byte[] content) throws IOException, SQLException {
        requireFree(file);
        return whole(file, out -> {
            try (var age = new AgeOutput(out, recipients)) {
                age.write(content);
            }
        });
    }

    private interface Writing {
        void to(OutputStream out) throws IOException, SQLException;
    }

    private static void requireFree(Path file) {
        if (Files.exists(file)) {
            throw new Unusable(file + " exists already; name another file with --to");
        }
    }

    private static long whole(Path file, Writing writing) throws IOException, SQLException {
        Path target = file.toAbsolutePath().normalize();
        Path unfinished = target.resolveSibling(target.getFileName() + ".unfinished");
        Files.deleteIfExists(unfinished);
        try {
            Files.createFile(
                    unfinished, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            try (var channel = FileChannel.open(unfinished, StandardOpenOption.WRITE)) {
                // Closed by the flushing below, after which there is nothing to close.
                writing.to(new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER_BYTES) {
                    @Override
                    public void close() throws IOException {
                        flush();
                        channel.force(true);
                    }
                });
            }
            Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            try (var directory = FileChannel.open(target.resolveSibling(""), StandardOpenOption.READ)) {
                directory.force(true);
            }
            return Files.size(target);
        } finally {
            Files.deleteIfExists(unfinished);
        }
    }

    /**
     * Reads a backup to its end and checks all of it: the encryption, each file against the manifest, the manifest's signature.
     *
     * @param what it is to be of
     * @param sealer of the key file that goes with it, which tells who may sign for the instance
     * @throws IOException saying what is wrong with it
     */
    static BackupManifest verify(Path file, BackupManifest.What what, AgeIdentity identity, Sealer sealer)
            throws IOException, SQLException {
        return read(file, what, identity, sealer, (name, content) -> {});
    }

    /** Hands over what it holds, and checks all of it again: until this returns, what was handed over is not to be used. */
    static BackupManifest read(Path file, BackupManifest.What what, AgeIdentity identity, Sealer sealer, Target target)
            throws IOException, SQLException {
        try (InputStream opened = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES);
                var age = new AgeInput(opened, identity);
                var zip = new ZipInputStream(age)) {
            Map<String, String> found = new LinkedHashMap<>();
            byte[] manifest = new byte[0];
            byte[] signature = new byte[0];
            ZipEntry entry;
            while ((entry = zip.getNextEntry()) != null) {
                String name = entry.getName();
                switch (name) {
                    case MANIFEST -> manifest = zip.readNBytes(MAX_MANIFEST_BYTES);
                    case SIGNATURE -> signature = zip.readNBytes(Ed25519Verifier.SIGNATURE_BYTES + 1);
                    default -> {
                        if (manifest.length > 0 || found.containsKey(name)) {
                            throw new IOException("it holds more than its manifest says");
                        }
                        var hashing = new DigestInputStream(zip, sha256());
                        target.take(name, hashing);
                        hashing.transferTo(OutputStream.nullOutputStream());
                        found.put(
                                name,
                                HexFormat.of()
                                        .formatHex(hashing.getMessageDigest().digest()));
                    }
                }
            }
            // What is behind the last entry is encrypted as well, and its end says that nothing was cut off.
            age.transferTo(OutputStream.nullOutputStream());
            BackupManifest said = BackupManifest.of(manifest);
            Signer signer = signer(sealer, said.instance());
            if (!Ed25519Verifier.verify(signer.verifierKey().publicKey(), manifest, signature)) {
                throw new IOException("the key file given did not sign it: it is another instance's, or was altered");
            }
            if (said.what() != what) {
                throw new IOException("it is a backup of "
                        + switch (said.what()) {
                            case INSTANCE -> "an instance, which --from takes";
                            case KEYS -> "keys alone, which --keys takes";
                        });
            }
            if (!said.files().equals(found)) {
                throw new IOException("it does not hold the files that its manifest says");
            }
            return said;
        }
    }

    /** Who signs an instance's backups: a key that follows from its key file. */
    static Signer signer(Sealer sealer, String instance) {
        return Signer.derived(sealer, instance + "/backup");
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }

    /** What a backup is written with. */
    static final class Writer implements AutoCloseable {
        private final ZipOutputStream zip;
        private final Map<String, String> files = new LinkedHashMap<>();

        private Writer(OutputStream out) {
            zip = new ZipOutputStream(out);
            zip.setLevel(Deflater.BEST_SPEED);
        }

        void directory(String name) throws IOException {
            file(name + "/", InputStream.nullInputStream());
        }

        void file(String name, InputStream content) throws IOException {
            if (Set.of(MANIFEST, SIGNATURE).contains(name)) {
                throw new IllegalArgumentException("that name is the manifest's");
            }
            zip.putNextEntry(new ZipEntry(name));
            var hashing = new DigestInputStream(content, sha256());
            hashing.transferTo(zip);
            zip.closeEntry();
            files.put(name, HexFormat.of().formatHex(hashing.getMessageDigest().digest()));
        }

        private void finish(BackupManifest said, Signer signer) throws IOException {
            byte[] manifest = said.of(files).bytes();
            zip.putNextEntry(new ZipEntry(MANIFEST));
            zip.write(manifest);
            zip.closeEntry();
            zip.putNextEntry(new ZipEntry(SIGNATURE));
            zip.write(signer.sign(manifest));
            zip.closeEntry();
        }

        @Override
        public void close() throws IOException {
            zip.close();
        }
    }
}

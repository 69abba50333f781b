package dev.chancery.egress;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * The first message of a TLS client (RFC 8446, 4.1.2): whom it asks for.
 *
 * @param bytes as they came, to be passed on
 * @param serverName as it is written there; empty: it names nobody
 */
@SuppressWarnings("ArrayRecordComponent") // handed through, never compared
record ClientHello(byte[] bytes, Optional<String> serverName) {
    private static final int HANDSHAKE = 22;
    private static final int CLIENT_HELLO = 1;
    private static final int SERVER_NAME = 0;
    private static final int HOST_NAME = 0;
    private static final int RECORD_HEADER = 5;
    private static final int MESSAGE_HEADER = 4;
    private static final int MAX_RECORD = 16_384;
    private static final int MAX_MESSAGE = 32_768;

    /** What comes is no TLS. */
    static final class NotTls extends Exception {
        private static final long serialVersionUID = 1;
    }

    static ClientHello read(InputStream in) throws IOException, NotTls {
        var bytes = new ByteArrayOutputStream(2_048);
        var message = new ByteArrayOutputStream(2_048);
        int wanted = MESSAGE_HEADER;
        while (message.size() < wanted) {
            byte[] header = exactly(in, RECORD_HEADER);
            int length = (header[3] & 255) << 8 | header[4] & 255;
            if (header[0] != HANDSHAKE || header[1] != 3 || length == 0 || length > MAX_RECORD) {
                throw new NotTls();
            }
            byte[] fragment = exactly(in, length);
            bytes.writeBytes(header);
            bytes.writeBytes(fragment);
            message.writeBytes(fragment);
            if (message.size() >= MESSAGE_HEADER) {
                byte[] begun = message.toByteArray();
                wanted = MESSAGE_HEADER + ((begun[1] & 255) << 16 | (begun[2] & 255) << 8 | begun[3] & 255);
                if (begun[0] != CLIENT_HELLO || wanted > MAX_MESSAGE) {
                    throw new NotTls();
                }
            }
        }
        try {
            ByteBuffer hello = ByteBuffer.wrap(message.toByteArray(), MESSAGE_HEADER, wanted - MESSAGE_HEADER);
            return new ClientHello(bytes.toByteArray(), serverName(hello));
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new NotTls();
        }
    }

    private static byte[] exactly(InputStream in, int length) throws IOException {
        byte[] bytes = in.readNBytes(length);
        if (bytes.length < length) {
            throw new EOFException("the peer left before it said whom it asks for");
        }
        return bytes;
    }

    private static Optional<String> serverName(ByteBuffer hello) throws NotTls {
        skip(hello, 2 + 32); // version, random
        skip(hello, hello.get() & 255); // session id
        skip(hello, hello.getShort() & 0xffff); // cipher suites
        skip(hello, hello.get() & 255); // compression methods
        if (!hello.hasRemaining()) {
            return Optional.empty();
        }
        ByteBuffer extensions = take(hello, hello.getShort() & 0xffff);
        Optional<String> name = Optional.empty();
        while (extensions.hasRemaining()) {
            int type = extensions.getShort() & 0xffff;
            ByteBuffer extension = take(extensions, extensions.getShort() & 0xffff);
            if (type == SERVER_NAME) {
                if (name.isPresent()) {
                    throw new NotTls();
                }
                name = Optional.of(onlyName(extension));
            }
        }
        return name;
    }

    /** The list has one entry: with several, who reads it chooses. */
    private static String onlyName(ByteBuffer extension) throws NotTls {
        ByteBuffer list = take(extension, extension.getShort() & 0xffff);
        if (list.get() != HOST_NAME) {
            throw new NotTls();
        }
        ByteBuffer name = take(list, list.getShort() & 0xffff);
        if (list.hasRemaining() || extension.hasRemaining()) {
            throw new NotTls();
        }
        return StandardCharsets.ISO_8859_1.decode(name).toString();
    }

    private static void skip(ByteBuffer buffer, int bytes) {
        buffer.position(buffer.position() + bytes);
    }

    private static ByteBuffer take(ByteBuffer buffer, int length) {
        if (length > buffer.remaining()) {
            throw new BufferUnderflowException();
        }
        ByteBuffer taken = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        return taken;
    }
}

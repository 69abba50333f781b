package dev.chancery.boundary.connections;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;

/** Speaks HTTP/2 frame by frame, and answers nothing. */
final class Http2Peer implements AutoCloseable {
    /** SETTINGS that give each stream a window of 0. */
    static final byte[] NO_WINDOW = {0, 4, 0, 0, 0, 0};

    /** SETTINGS that give each stream all the window there is. */
    static final byte[] ALL_WINDOW = {0, 4, 0x7f, (byte) 0xff, (byte) 0xff, (byte) 0xff};

    private static final int DATA = 0;
    private static final int HEADERS = 1;
    private static final int RST_STREAM = 3;
    private static final int SETTINGS = 4;
    private static final int PING = 6;
    private static final int WINDOW_UPDATE = 8;
    private static final int END_STREAM = 1;
    private static final int END_HEADERS = 4;

    private final Socket socket;
    private final DataInputStream in;
    private int stream = -1;

    Http2Peer(Socket socket, byte... settings) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        var out = new ByteArrayOutputStream();
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
        GuardedServer.frame(out, SETTINGS, 0, 0, settings);
        socket.getOutputStream().write(out.toByteArray());
    }

    /** Gives the connection all the window there is. */
    void takesAll() throws IOException {
        grant(0, Integer.MAX_VALUE - 65_535);
    }

    /** Asks for a path; answers the stream's number. */
    int get(String path) throws IOException {
        return get(path, 0);
    }

    /** @param more headers of a hundred bytes that the request has as well */
    int get(String path, int more) throws IOException {
        stream += 2;
        // GET, http, and path and authority as literals without indexing (RFC 7541)
        var head = new ByteArrayOutputStream();
        head.writeBytes(new byte[] {(byte) 0x82, (byte) 0x86, 4, (byte) path.length()});
        head.writeBytes(path.getBytes(US_ASCII));
        head.writeBytes(new byte[] {1, 1, 'a'});
        for (int i = 0; i < more; i++) {
            head.writeBytes(new byte[] {0, 1, 'x', 96});
            head.writeBytes("a".repeat(96).getBytes(US_ASCII));
        }
        send(HEADERS, END_STREAM | END_HEADERS, stream, head.toByteArray());
        return stream;
    }

    void pings(int count) throws IOException {
        var out = new ByteArrayOutputStream();
        for (int i = 0; i < count; i++) {
            GuardedServer.frame(out, PING, 0, 0, new byte[8]);
        }
        socket.getOutputStream().write(out.toByteArray());
    }

    /** Gives an answer up. */
    void reset(int stream) throws IOException {
        send(RST_STREAM, 0, stream, new byte[] {0, 0, 0, 8});
    }

    private void send(int type, int flags, int stream, byte[] payload) throws IOException {
        var out = new ByteArrayOutputStream();
        GuardedServer.frame(out, type, flags, stream, payload);
        socket.getOutputStream().write(out.toByteArray());
    }

    /** Reads on until a stream has its whole answer; answers the bytes of its body, or -1 where stream or connection were ended. */
    int read(int stream) throws IOException {
        return read(stream, END_STREAM);
    }

    /** Reads on until the head of a stream's answer has come; false where stream or connection were ended. */
    boolean began(int stream) throws IOException {
        return read(stream, END_HEADERS) >= 0;
    }

    private int read(int stream, int flag) throws IOException {
        int bytes = 0;
        try {
            while (true) {
                int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                boolean mine = in.readInt() == stream;
                in.readFully(new byte[length]);
                if (mine && type == RST_STREAM) {
                    return -1;
                }
                if (mine && type == DATA && length > 0) {
                    bytes += length;
                    grant(0, length);
                    if ((flags & END_STREAM) == 0) {
                        grant(stream, length);
                    }
                }
                if (mine && type <= HEADERS && (flags & flag) != 0) {
                    return bytes;
                }
            }
        } catch (EOFException | SocketException e) {
            return -1;
        }
    }

    private void grant(int stream, int bytes) throws IOException {
        send(WINDOW_UPDATE, 0, stream, new byte[] {
            (byte) (bytes >> 24), (byte) (bytes >> 16), (byte) (bytes >> 8), (byte) bytes
        });
    }

    /** Reads what is left; whether the server has closed the connection, rather than left it open without a word. */
    boolean isEnded() {
        try {
            in.readAllBytes();
            return true;
        } catch (SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}

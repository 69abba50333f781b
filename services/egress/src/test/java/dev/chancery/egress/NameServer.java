package dev.chancery.egress;

import dev.chancery.outbound.NameResolver;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/** A name server on the loopback (RFC 1035, A and CNAME), and a resolver that asks it over UDP. */
final class NameServer implements NameResolver, AutoCloseable {
    private static final int ADDRESS = 1;
    private static final int ALIAS = 5;
    private static final int HEADER = 12;

    final AtomicInteger questions = new AtomicInteger();
    private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
    private final Map<String, Supplier<List<String>>> answers = new ConcurrentHashMap<>();

    NameServer() throws IOException {
        Thread.ofVirtual().start(this::serve);
    }

    /** @param answer addresses, or another name, each time it is asked */
    void put(String name, Supplier<List<String>> answer) {
        answers.put(name, answer);
    }

    void put(String name, String... answer) {
        put(name, () -> List.of(answer));
    }

    private void serve() {
        byte[] buffer = new byte[512];
        try {
            while (!socket.isClosed()) {
                var packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                questions.incrementAndGet();
                byte[] answer = answer(ByteBuffer.wrap(buffer, 0, packet.getLength()));
                socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private byte[] answer(ByteBuffer question) throws IOException {
        short id = question.getShort(0);
        question.position(HEADER);
        String name = name(question);
        var records = new ByteArrayOutputStream();
        int count = 0;
        String owner = name;
        List<String> found = answers.getOrDefault(owner, List::of).get();
        while (found.size() == 1 && !Character.isDigit(found.getFirst().charAt(0))) {
            String target = found.getFirst();
            record(records, owner, ALIAS, encoded(target));
            count++;
            owner = target;
            found = answers.getOrDefault(owner, List::of).get();
        }
        for (String address : found) {
            record(records, owner, ADDRESS, InetAddress.getByName(address).getAddress());
            count++;
        }
        ByteBuffer header = ByteBuffer.allocate(HEADER)
                .putShort(id)
                .putShort((short) (count == 0 ? 0x8183 : 0x8180))
                .putShort((short) 0)
                .putShort((short) count)
                .putInt(0);
        var answer = new ByteArrayOutputStream();
        answer.writeBytes(header.array());
        answer.writeBytes(records.toByteArray());
        return answer.toByteArray();
    }

    private static void record(ByteArrayOutputStream out, String owner, int type, byte[] data) {
        out.writeBytes(encoded(owner));
        out.writeBytes(ByteBuffer.allocate(10)
                .putShort((short) type)
                .putShort((short) 1)
                .putInt(0)
                .putShort((short) data.length)
                .array());
        out.writeBytes(data);
    }

    private static byte[] encoded(String name) {
        var out = new ByteArrayOutputStream();
        for (String label : name.split("\\.")) {
            out.write(label.length());
            out.writeBytes(label.getBytes(StandardCharsets.US_ASCII));
        }
        out.write(0);
        return out.toByteArray();
    }

    private static String name(ByteBuffer in) {
        var labels = new ArrayList<String>();
        for (int length = in.get(); length > 0; length = in.get()) {
            byte[] label = new byte[length];
            in.get(label);
            labels.add(new String(label, StandardCharsets.US_ASCII));
        }
        return String.join(".", labels);
    }

    @Override
    public List<InetAddress> resolve(String name) throws UnknownHostException {
        try (var client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            client.setSoTimeout(2_000);
            var question = new ByteArrayOutputStream();
            question.writeBytes(ByteBuffer.allocate(HEADER)
                    .putShort((short) 7)
                    .putShort((short) 0x0100)
                    .putShort((short) 1)
                    .array());
            question.writeBytes(encoded(name));
            question.writeBytes(new byte[] {0, ADDRESS, 0, 1});
            byte[] bytes = question.toByteArray();
            client.send(new DatagramPacket(bytes, bytes.length, socket.getLocalSocketAddress()));
            byte[] buffer = new byte[1_024];
            var packet = new DatagramPacket(buffer, buffer.length);
            client.receive(packet);
            List<InetAddress> found = addresses(ByteBuffer.wrap(buffer, 0, packet.getLength()));
            if (found.isEmpty()) {
                throw new UnknownHostException(name);
            }
            return found;
        } catch (UnknownHostException e) {
            throw e;
        } catch (IOException e) {
            throw new UnknownHostException(name + ": " + e);
        }
    }

    private static List<InetAddress> addresses(ByteBuffer answer) throws UnknownHostException {
        int count = answer.getShort(6);
        answer.position(HEADER);
        List<InetAddress> found = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            name(answer);
            int type = answer.getShort();
            answer.position(answer.position() + 6);
            byte[] data = new byte[answer.getShort()];
            answer.get(data);
            if (type == ADDRESS) {
                found.add(InetAddress.getByAddress(data));
            }
        }
        return found;
    }

    @Override
    public void close() {
        socket.close();
    }
}

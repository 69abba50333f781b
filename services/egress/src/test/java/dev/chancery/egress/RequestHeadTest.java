package dev.chancery.egress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.chancery.egress.RequestHead.Body;
import dev.chancery.egress.RequestHead.Malformed;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {
    private static RequestHead head(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return RequestHead.parse(ProxyStreams.head(new ByteArrayInputStream(bytes)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 3, 3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: +3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length: 0x3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nContent-Length : 3\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
                "POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: a\r\n b\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\nX: a\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\nHost: a.example.com\n\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: a\rY: b\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nX: a\0b\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\nHost: b.example.com\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.0\r\nHost: a.example.com\r\n\r\n",
                "GET http://a.example.com/ HTTP/2.0\r\nHost: a.example.com\r\n\r\n",
                "GET  http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1 \r\nHost: a.example.com\r\n\r\n",
                "GET\thttp://a.example.com/\tHTTP/1.1\r\nHost: a.example.com\r\n\r\n",
                " GET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
                "\r\nGET http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\n: x\r\nHost: a.example.com\r\n\r\n",
                "GET http://a.example.com/ HTTP/1.1\r\nHost a.example.com\r\n\r\n"
            })
    void whatCouldBeReadInTwoWaysIsRefused(String text) {
        assertThatThrownBy(() -> head(text)).isInstanceOf(Malformed.class);
    }

    @Test
    void whatConcernsTheConnectionIsNotPassedOn() throws Exception {
        RequestHead head =
                head("POST http://a.example.com/x HTTP/1.1\r\nHost: a.example.com\r\nConnection: X-Secret, close\r\n"
                        + "Proxy-Authorization: Bearer t\r\nProxy-Connection: keep-alive\r\nX-Secret: 1\r\nUpgrade: h2c\r\nTE: trailers\r\n"
                        + "Accept: */*\r\nContent-Length: 3\r\n\r\n");
        assertThat(head.body()).isEqualTo(new Body.OfLength(3));
        assertThat(new String(head.forOrigin("a.example.com", "/x"), StandardCharsets.ISO_8859_1))
                .isEqualTo("POST /x HTTP/1.1\r\nHost: a.example.com\r\nAccept: */*\r\nContent-Length: 3\r\n"
                        + "Via: 1.1 chancery\r\nConnection: close\r\n\r\n");
    }

    /** A client can't make the length go away by calling it a matter of the connection. */
    @Test
    void theBodysLengthStays() throws Exception {
        RequestHead head = head("POST http://a.example.com/ HTTP/1.1\r\nHost: a.example.com\r\n"
                + "Connection: content-length\r\nContent-Length: 3\r\n\r\n");
        assertThat(new String(head.forOrigin("a.example.com", "/"), StandardCharsets.ISO_8859_1))
                .contains("Content-Length: 3");
    }

    private static String chunks(String text) throws Exception {
        var out = new ByteArrayOutputStream();
        var framing = new Body.Chunked();
        var framed = new ProxyStreams.Framed(out, framing);
        var in = new ByteArrayInputStream(text.getBytes(StandardCharsets.ISO_8859_1));
        ProxyStreams.copy(ProxyStreams.body(in, framing), framed, () -> {});
        framed.end();
        return out.toString(StandardCharsets.ISO_8859_1);
    }

    @Test
    void aChunkedBodyIsWrittenAnew() throws Exception {
        assertThat(chunks("003\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\nGET /smuggled"))
                .isEqualTo("3\r\nabc\r\na\r\n0123456789\r\n0\r\n\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "3\nabc\n0\n\n",
                "3\r\nabcd\r\n0\r\n\r\n",
                "3;x=1\r\nabc\r\n0\r\n\r\n",
                "-3\r\nabc\r\n0\r\n\r\n",
                "0x3\r\nabc\r\n0\r\n\r\n",
                " 3\r\nabc\r\n0\r\n\r\n",
                "3\rX\nabc\r\n0\r\n\r\n",
                "ffffffffffffffffff\r\nabc",
                "\r\n"
            })
    void aChunkThatCouldBeReadInTwoWaysIsRefused(String text) {
        assertThatThrownBy(() -> chunks(text)).isInstanceOf(Malformed.class);
    }
}

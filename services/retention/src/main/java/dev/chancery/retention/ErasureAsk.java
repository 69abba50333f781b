package dev.chancery.retention;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
import java.io.IOException;

/**
 * That another feature wants a subject erased: {@code chancery.dsar.v1.ErasureAsked}, of which two fields count.
 *
 * @param requestId field 1
 * @param subjectId field 2
 */
record ErasureAsk(String requestId, String subjectId) {
    static final String TYPE = "chancery.dsar.v1.ErasureAsked";

    static ErasureAsk of(ByteString body) {
        String request = "";
        String subject = "";
        try {
            CodedInputStream in = body.newCodedInput();
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                switch (WireFormat.getTagFieldNumber(tag)) {
                    case 1 -> request = in.readStringRequireUtf8();
                    case 2 -> subject = in.readStringRequireUtf8();
                    default -> in.skipField(tag);
                }
            }
        } catch (IOException e) {
            throw new IllegalStateException("an erasure was asked for in a form that nobody knows", e);
        }
        return new ErasureAsk(request, subject);
    }
}

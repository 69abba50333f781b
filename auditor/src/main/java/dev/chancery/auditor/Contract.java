package dev.chancery.auditor;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.MethodDescriptorProto;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What a contract's descriptors say about actions: the method option {@code chancery.options.v1.method}.
 *
 * @param actions that some method writes
 * @param privileged those of them whose outcomes need an intent
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Contract(byte[] sha256, Set<String> actions, Set<String> privileged) {
    static final int MAX_BYTES = 16 << 20;
    private static final int METHOD_OPTION = 50101;
    private static final int AUDIT_ACTION = 2;
    private static final int PRIVILEGED = 3;

    static Contract parse(byte[] descriptors) throws Malformed {
        if (descriptors.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        Set<String> actions = new HashSet<>();
        Set<String> privileged = new HashSet<>();
        try {
            for (FileDescriptorProto file :
                    FileDescriptorSet.parseFrom(descriptors).getFileList()) {
                for (ServiceDescriptorProto service : file.getServiceList()) {
                    for (MethodDescriptorProto method : service.getMethodList()) {
                        add(method, actions, privileged);
                    }
                }
            }
        } catch (IOException e) {
            throw new Malformed("not a FileDescriptorSet");
        }
        return new Contract(new Hashing().plain(descriptors), Set.copyOf(actions), Set.copyOf(privileged));
    }

    private static void add(MethodDescriptorProto method, Set<String> actions, Set<String> privileged)
            throws IOException {
        // Read as any protobuf reader does: an option in several pieces is merged, of a field written twice the last
        // counts.
        UnknownFieldSet.Builder option = UnknownFieldSet.newBuilder();
        for (ByteString piece :
                method.getOptions().getUnknownFields().getField(METHOD_OPTION).getLengthDelimitedList()) {
            option.mergeFrom(CodedInputStream.newInstance(piece.toByteArray()));
        }
        List<ByteString> action = option.build().getField(AUDIT_ACTION).getLengthDelimitedList();
        if (action.isEmpty() || action.getLast().isEmpty()) {
            return;
        }
        if (!action.getLast().isValidUtf8()) {
            throw new InvalidProtocolBufferException("audit_action is not UTF-8");
        }
        actions.add(action.getLast().toStringUtf8());
        List<Long> flag = option.build().getField(PRIVILEGED).getVarintList();
        if (!flag.isEmpty() && flag.getLast() != 0) {
            privileged.add(action.getLast().toStringUtf8());
        }
    }

    /** The contract hash that a body of {@code chancery.identity.v1.ContractAdopted} names. */
    static byte[] adopted(byte[] body) throws Malformed {
        try {
            List<ByteString> sha256 =
                    UnknownFieldSet.parseFrom(body).getField(1).getLengthDelimitedList();
            if (sha256.size() == 1 && sha256.getFirst().size() == Hashing.LENGTH) {
                return sha256.getFirst().toByteArray();
            }
        } catch (InvalidProtocolBufferException e) {
            throw new Malformed("a ContractAdopted that is no protobuf message");
        }
        throw new Malformed("a ContractAdopted without one sha256 of " + Hashing.LENGTH + " bytes");
    }
}

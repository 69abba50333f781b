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
 * What a contract's descriptors say about actions: the method option {@code chancery.options.v1.method} and the file option {@code
 * chancery.options.v1.action}.
 *
 * @param actions that may be recorded
 * @param privileged those whose outcomes need an intent
 * @param ofSystem those that the installation records by itself
 */
@SuppressWarnings("ArrayRecordComponent") // its records are never compared
record Contract(byte[] sha256, Set<String> actions, Set<String> privileged, Set<String> ofSystem) {
    static final int MAX_BYTES = 16 << 20;
    private static final int METHOD_OPTION = 50101;
    private static final int AUDIT_ACTION = 2;
    private static final int PRIVILEGED = 3;
    private static final int ACTION_OPTION = 50106;
    private static final int NAME = 1;
    private static final int BY = 2;
    private static final int BY_SYSTEM = 1;

    static Contract parse(byte[] descriptors) throws Malformed {
        if (descriptors.length > MAX_BYTES) {
            throw new Malformed("longer than " + MAX_BYTES + " bytes");
        }
        Set<String> actions = new HashSet<>();
        Set<String> privileged = new HashSet<>();
        Set<String> ofSystem = new HashSet<>();
        try {
            for (FileDescriptorProto file :
                    FileDescriptorSet.parseFrom(descriptors).getFileList()) {
                for (ByteString option : option(file.getOptions().getUnknownFields(), ACTION_OPTION)) {
                    var declared = UnknownFieldSet.parseFrom(option);
                    add(text(declared, NAME), number(declared, BY) == BY_SYSTEM, actions, ofSystem);
                }
                for (ServiceDescriptorProto service : file.getServiceList()) {
                    for (MethodDescriptorProto method : service.getMethodList()) {
                        // Read as any protobuf reader does: an option in several pieces is merged.
                        var merged = UnknownFieldSet.newBuilder();
                        for (ByteString piece : option(method.getOptions().getUnknownFields(), METHOD_OPTION)) {
                            merged.mergeFrom(CodedInputStream.newInstance(piece.toByteArray()));
                        }
                        UnknownFieldSet declared = merged.build();
                        add(text(declared, AUDIT_ACTION), number(declared, PRIVILEGED) != 0, actions, privileged);
                    }
                }
            }
        } catch (IOException e) {
            throw new Malformed("not a FileDescriptorSet");
        }
        return new Contract(
                new Hashing().plain(descriptors), Set.copyOf(actions), Set.copyOf(privileged), Set.copyOf(ofSystem));
    }

    private static void add(String action, boolean special, Set<String> actions, Set<String> specials) {
        if (!action.isEmpty()) {
            actions.add(action);
            if (special) {
                specials.add(action);
            }
        }
    }

    private static List<ByteString> option(UnknownFieldSet options, int number) {
        return options.getField(number).getLengthDelimitedList();
    }

    /** Of a field written twice the last counts. */
    private static String text(UnknownFieldSet message, int number) throws InvalidProtocolBufferException {
        List<ByteString> values = message.getField(number).getLengthDelimitedList();
        if (values.isEmpty()) {
            return "";
        }
        if (!values.getLast().isValidUtf8()) {
            throw new InvalidProtocolBufferException("an action is not UTF-8");
        }
        return values.getLast().toStringUtf8();
    }

    private static long number(UnknownFieldSet message, int number) {
        List<Long> values = message.getField(number).getVarintList();
        return values.isEmpty() ? 0 : values.getLast();
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

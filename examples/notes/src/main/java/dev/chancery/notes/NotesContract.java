package dev.chancery.notes;

import com.google.protobuf.Descriptors.FileDescriptor;
import dev.chancery.notes.v1.NotePinned;
import dev.chancery.schema.ContractPart;

/** The feature's file of the contract. */
public final class NotesContract implements ContractPart {
    @Override
    public FileDescriptor file() {
        return NotePinned.getDescriptor().getFile();
    }
}

package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The machine's file system, whose reads and writes move at most three bytes at a time. */
final class PartialFiles extends ForwardingFiles {
  PartialFiles() {
    super(SYSTEM);
  }

  @Override
  protected FileHandle handle(Path file, FileHandle handle) {
    return new Handle(handle) {
      @Override
      public int read(ByteBuffer into, long position) throws IOException {
        int limit = into.limit();
        into.limit(Math.min(limit, into.position() + 3));
        int count = super.read(into, position);
        into.limit(limit);
        return count;
      }

      @Override
      public int write(ByteBuffer from, long position) throws IOException {
        int limit = from.limit();
        from.limit(Math.min(limit, from.position() + 3));
        int count = super.write(from, position);
        from.limit(limit);
        return count;
      }
    };
  }
}

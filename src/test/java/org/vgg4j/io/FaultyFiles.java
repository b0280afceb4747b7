package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The machine's file system, of which one call (counted from 0) goes wrong. */
final class FaultyFiles implements FileOperations {
  enum Fault {
    /** The call fails, the later ones work. */
    FAILS_ONCE,
    /** The call writes half of what it was given and fails; the later ones work. */
    WRITES_HALF,
    /** The call and every later write fail. */
    NO_SPACE,
    /** The process ends: this call and all later ones do nothing. */
    DIES
  }

  /** The end of the process: nothing may catch it and go on. */
  static final class Death extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final Fault fault;
  private final int faultyCall;
  private final List<String> calls = new ArrayList<>();

  FaultyFiles(Fault fault, int faultyCall) {
    this.fault = fault;
    this.faultyCall = faultyCall;
  }

  /** The file system as it is, its calls counted. */
  static FaultyFiles sound() {
    return new FaultyFiles(Fault.FAILS_ONCE, -1);
  }

  List<String> calls() {
    return calls;
  }

  private void call(String name) throws IOException {
    int call = calls.size();
    calls.add(name);
    if (faultyCall < 0 || call < faultyCall) {
      return;
    }
    if (fault == Fault.DIES) {
      throw new Death();
    }
    boolean outOfSpace = fault == Fault.NO_SPACE && name.startsWith("write");
    if (outOfSpace || call == faultyCall) {
      throw new IOException("injected into " + name);
    }
  }

  @Override
  public FileHandle create(Path file) throws IOException {
    call("create " + file.getFileName());
    return new Handle(SYSTEM.create(file));
  }

  @Override
  public FileHandle open(Path file) throws IOException {
    call("open " + file.getFileName());
    return new Handle(SYSTEM.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call("rename " + from.getFileName() + " " + to.getFileName());
    SYSTEM.rename(from, to);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    call("forceDirectory");
    SYSTEM.forceDirectory(directory);
  }

  @Override
  public void delete(Path file) throws IOException {
    call("delete " + file.getFileName());
    SYSTEM.delete(file);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    call("list");
    return SYSTEM.list(directory);
  }

  private final class Handle implements FileHandle {
    private final FileHandle file;

    Handle(FileHandle file) {
      this.file = file;
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
      call("read");
      return file.read(into, position);
    }

    @Override
    public int write(ByteBuffer from, long position) throws IOException {
      if (fault == Fault.WRITES_HALF && calls.size() == faultyCall) {
        file.write(from.slice(from.position(), from.remaining() / 2), position);
      }
      call("write");
      return file.write(from, position);
    }

    @Override
    public long size() throws IOException {
      call("size");
      return file.size();
    }

    @Override
    public void force() throws IOException {
      call("force");
      file.force();
    }

    @Override
    public void close() throws IOException {
      file.close(); // the end of a process closes its files too
      call("close");
    }
  }
}

package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A file system, the machine's unless another is given, of which one call (counted from 0) goes
 * wrong.
 */
public final class FaultyFiles implements FileOperations {
  /** What goes wrong. */
  public enum Fault {
    /** The call fails, the later ones work. */
    FAILS_ONCE,
    /** The call writes half of what it was given and fails; the later ones work. */
    WRITES_HALF,
    /** The call and every later write fail. */
    NO_SPACE,
    /** The call and every later one fail: the disk is gone, or read-only. */
    FAILS_FOREVER,
    /** Every force from this call on fails. */
    FORCES_FAIL,
    /** Every rename from this call on fails. */
    RENAMES_FAIL,
    /** The process ends: this call and all later ones do nothing. */
    DIES
  }

  /** The end of the process: nothing may catch it and go on. */
  public static final class Death extends Error {
    private static final long serialVersionUID = 1L;
  }

  private final FileOperations under;
  private volatile Fault fault;
  private int faultyCall;
  private final List<String> calls = new ArrayList<>();

  FaultyFiles(Fault fault, int faultyCall) {
    this(SYSTEM);
    failing(fault, faultyCall);
  }

  /** Another file system as it is, its calls counted. */
  public FaultyFiles(FileOperations under) {
    this.under = under;
    failing(Fault.FAILS_ONCE, -1);
  }

  /** The machine's file system as it is, its calls counted. */
  static FaultyFiles sound() {
    return new FaultyFiles(SYSTEM);
  }

  /** Lets a call go wrong, counted from now on; the last is negative for none. */
  public synchronized void failing(Fault which, int call) {
    fault = which;
    faultyCall = call;
    calls.clear();
  }

  /** Returns the calls since the last setting, each with the names of its files. */
  public synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  private synchronized void call(String name) throws IOException {
    int call = calls.size();
    calls.add(name);
    if (faultyCall < 0 || call < faultyCall) {
      return;
    }
    boolean fails =
        switch (fault) {
          case FAILS_ONCE, WRITES_HALF -> call == faultyCall;
          case NO_SPACE -> call == faultyCall || name.startsWith("write");
          case FAILS_FOREVER -> true;
          case FORCES_FAIL -> name.startsWith("force");
          case RENAMES_FAIL -> name.startsWith("rename");
          case DIES -> throw new Death();
        };
    if (fails) {
      throw new IOException("injected into " + name);
    }
  }

  @Override
  public FileHandle create(Path file) throws IOException {
    call("create " + file.getFileName());
    return new Handle(under.create(file));
  }

  @Override
  public FileHandle open(Path file) throws IOException {
    call("open " + file.getFileName());
    return new Handle(under.open(file));
  }

  @Override
  public void rename(Path from, Path to) throws IOException {
    call("rename " + from.getFileName() + " " + to.getFileName());
    under.rename(from, to);
  }

  @Override
  public void link(Path existing, Path name) throws IOException {
    call("link " + existing.getFileName() + " " + name.getFileName());
    under.link(existing, name);
  }

  @Override
  public void forceDirectory(Path directory) throws IOException {
    call("forceDirectory");
    under.forceDirectory(directory);
  }

  @Override
  public void delete(Path file) throws IOException {
    call("delete " + file.getFileName());
    under.delete(file);
  }

  @Override
  public List<Path> list(Path directory) throws IOException {
    call("list");
    return under.list(directory);
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

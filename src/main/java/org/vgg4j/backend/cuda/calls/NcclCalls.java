package org.vgg4j.backend.cuda.calls;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.nccl;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclConfig_t;
import org.bytedeco.cuda.nccl.ncclUniqueId;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.vgg4j.tensor.DType;

/**
 * NCCL's functions; each method is named after the function it calls. Those on a communicator
 * return NCCL's status, since what a failure means depends on what goes on; all of them exist since
 * NCCL 2.14.
 */
public final class NcclCalls {
  /** The length of what ranks find each other by. */
  public static final int ID_BYTES = nccl.NCCL_UNIQUE_ID_BYTES;

  public static final int SUCCESS = nccl.ncclSuccess;
  public static final int IN_PROGRESS = nccl.ncclInProgress;

  /** What NCCL calls a number that its caller leaves to it. */
  private static final int UNDEFINED = Integer.MIN_VALUE;

  private NcclCalls() {}

  /** Returns the version as a number: 22903 is 2.29.3. */
  public static int ncclGetVersion() {
    int[] version = new int[1];
    require("ncclGetVersion", nccl.ncclGetVersion(version));
    return version[0];
  }

  /** Returns new bytes by which ranks find each other: a place on this machine, and a secret. */
  public static byte[] ncclGetUniqueId() {
    try (ncclUniqueId id = new ncclUniqueId()) {
      require("ncclGetUniqueId", nccl.ncclGetUniqueId(id));
      byte[] bytes = new byte[ID_BYTES];
      id.internal().get(bytes);
      return bytes;
    }
  }

  /**
   * Begins to make a communicator that never blocks its caller.
   *
   * @param place where NCCL writes its address, now or later
   * @param collnet whether switches may add up; NCCL decides where they do
   */
  public static int ncclCommInitRankConfig(
      PointerPointer<ncclComm> place, int world, byte[] unique, int rank, boolean collnet) {
    try (ncclUniqueId id = new ncclUniqueId();
        ncclConfig_t config = undefined()) {
      id.internal().put(unique);
      config.blocking(0);
      if (!collnet) {
        config.collnetEnable(0);
      }
      return nccl.ncclCommInitRankConfig(place, world, id, rank, config);
    }
  }

  /** Returns NCCL_CONFIG_INITIALIZER, a macro that the presets do not have. */
  private static ncclConfig_t undefined() {
    ncclConfig_t config = new ncclConfig_t();
    return config
        .size(config.sizeof())
        .magic(nccl.NCCL_API_MAGIC)
        .version(nccl.NCCL_VERSION_CODE)
        .blocking(UNDEFINED)
        .cgaClusterSize(UNDEFINED)
        .minCTAs(UNDEFINED)
        .maxCTAs(UNDEFINED)
        .netName(null)
        .splitShare(UNDEFINED)
        .trafficClass(UNDEFINED)
        .commName(null)
        .collnetEnable(UNDEFINED)
        .CTAPolicy(UNDEFINED)
        .shrinkShare(UNDEFINED)
        .nvlsCTAs(UNDEFINED)
        .nChannelsPerNetPeer(UNDEFINED)
        .nvlinkCentricSched(UNDEFINED)
        .graphUsageMode(UNDEFINED)
        .numRmaCtx(UNDEFINED);
  }

  /** Returns what became of the communicator's work, or why it cannot be asked. */
  public static int ncclCommGetAsyncError(ncclComm communicator) {
    int[] state = new int[1];
    int status = nccl.ncclCommGetAsyncError(communicator, state);
    return status == SUCCESS ? state[0] : status;
  }

  public static int ncclAllReduce(
      Pointer elements, long count, DType type, ncclComm communicator, CUstream_st stream) {
    return nccl.ncclAllReduce(
        elements, elements, count, number(type), nccl.ncclSum, communicator, stream);
  }

  /** Has elements of rank 0 replace those of the others. */
  public static int ncclBroadcast(
      Pointer elements, long count, DType type, ncclComm communicator, CUstream_st stream) {
    return nccl.ncclBroadcast(elements, elements, count, number(type), 0, communicator, stream);
  }

  /** Puts the bytes of each rank behind those of the rank before it. */
  public static int ncclAllGather(
      Pointer own, Pointer all, long bytesEach, ncclComm communicator, CUstream_st stream) {
    return nccl.ncclAllGather(own, all, bytesEach, nccl.ncclUint8, communicator, stream);
  }

  public static int ncclCommFinalize(ncclComm communicator) {
    return nccl.ncclCommFinalize(communicator);
  }

  public static int ncclCommDestroy(ncclComm communicator) {
    return nccl.ncclCommDestroy(communicator);
  }

  public static int ncclCommAbort(ncclComm communicator) {
    return nccl.ncclCommAbort(communicator);
  }

  /** Returns whether a status says that another rank, or the way to it, is at fault. */
  public static boolean isOfPeers(int status) {
    return status == nccl.ncclSystemError || status == nccl.ncclRemoteError;
  }

  /** Returns a status in NCCL's words, with what it has said last. */
  public static String text(int status) {
    String name = status + " " + nccl.ncclGetErrorString(status).getString();
    BytePointer last = nccl.ncclGetLastError(null);
    String said = last == null ? "" : last.getString().strip().replaceAll("\\s+", " ");
    return said.isEmpty() ? name : name + " (" + said + ")";
  }

  private static void require(String call, int status) {
    if (status != SUCCESS) {
      throw new CudaException(call, status, call + " failed: " + text(status));
    }
  }

  /** Returns NCCL's number of a type. */
  private static int number(DType type) {
    return switch (type) {
      case F64 -> nccl.ncclFloat64;
      case F32 -> nccl.ncclFloat32;
      case BF16 -> nccl.ncclBfloat16;
      case U8 -> nccl.ncclUint8;
      case I32 -> nccl.ncclInt32;
      case I64 -> nccl.ncclInt64;
    };
  }
}

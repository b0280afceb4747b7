package org.vgg4j.spark.gloo;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The first words on a connection: each side proves that it knows the secret, which is never sent.
 * Nothing longer than a few bytes is read from a stranger.
 */
final class Handshake {
  private static final int NONCE_BYTES = 16;
  private static final int PROOF_BYTES = 32;
  private static final int MAX_NAME_BYTES = 512;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Handshake() {}

  /** Who came. */
  record Guest(int rank, String name) {}

  static String newSecret() {
    return HexFormat.of().formatHex(nonce());
  }

  private static byte[] nonce() {
    byte[] bytes = new byte[NONCE_BYTES];
    RANDOM.nextBytes(bytes);
    return bytes;
  }

  /** Rank 0's side; returns null when whoever came does not know the secret or is no rank. */
  static Guest receive(
      DataInputStream in, DataOutputStream out, String secret, int world, String ownName)
      throws IOException {
    byte[] own = nonce();
    out.write(own);
    out.flush();
    byte[] other = in.readNBytes(NONCE_BYTES);
    int rank = in.readInt();
    int ranks = in.readInt();
    String name = readName(in);
    byte[] proof = in.readNBytes(PROOF_BYTES);
    if (name == null
        || !MessageDigest.isEqual(proof, mac(secret, "guest" + name, own, other, rank, ranks))
        || rank < 1
        || rank >= world) {
      return null;
    }
    out.write(mac(secret, "host" + ownName, own, other, rank, world));
    out.writeInt(world);
    writeName(out, ownName);
    out.flush();
    return ranks == world ? new Guest(rank, name) : null;
  }

  /** Another rank's side; returns the name of rank 0. */
  static String introduce(
      DataInputStream in, DataOutputStream out, String secret, int rank, int world, String name)
      throws IOException {
    byte[] other = in.readNBytes(NONCE_BYTES);
    byte[] own = nonce();
    out.write(own);
    out.writeInt(rank);
    out.writeInt(world);
    writeName(out, name);
    out.write(mac(secret, "guest" + name, other, own, rank, world));
    out.flush();
    byte[] answer = in.readNBytes(PROOF_BYTES);
    int ranks = in.readInt();
    String host = readName(in);
    if (host == null
        || !MessageDigest.isEqual(answer, mac(secret, "host" + host, other, own, rank, ranks))) {
      throw new IOException("whoever answers there does not know the secret of this training");
    }
    if (ranks != world) {
      throw new IOException("rank 0 counts " + ranks + " ranks, and this one " + world);
    }
    return host;
  }

  private static byte[] mac(
      String secret, String role, byte[] host, byte[] guest, int rank, int world) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      mac.update(host);
      mac.update(guest);
      mac.update(ByteBuffer.allocate(8).putInt(rank).putInt(world).array());
      return mac.doFinal(role.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java has no HmacSHA256", e);
    }
  }

  private static void writeName(DataOutputStream out, String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  private static String readName(DataInputStream in) throws IOException {
    int length = in.readUnsignedShort();
    return length > MAX_NAME_BYTES
        ? null
        : new String(in.readNBytes(length), StandardCharsets.UTF_8);
  }
}

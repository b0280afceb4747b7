package org.vgg4j.data.preprocessing;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The principal components of a covariance, by Jacobi's rotations: for a few channels, exact to
 * rounding, and the same bits on every machine.
 *
 * @param variances the eigenvalues, largest first
 * @param directions the eigenvectors in that order, each of length 1; the entry that is largest in
 *     size, the first of equal ones, is positive
 */
record PrincipalComponents(List<Double> variances, List<List<Double>> directions) {
  /** Far more than a matrix of a few rows takes to become diagonal to the last bit. */
  private static final int MOST_SWEEPS = 64;

  /** Finds the components of a symmetric matrix without negative eigenvalues. */
  static PrincipalComponents of(double[][] covariance) {
    int n = covariance.length;
    double[][] matrix = new double[n][];
    double[][] vectors = new double[n][n]; // in columns
    for (int i = 0; i < n; i++) {
      matrix[i] = covariance[i].clone();
      vectors[i][i] = 1;
    }
    for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
      for (int p = 0; p < n; p++) {
        for (int q = p + 1; q < n; q++) {
          rotate(matrix, vectors, p, q);
        }
      }
    }
    List<Integer> order =
        IntStream.range(0, n)
            .boxed()
            .sorted(Comparator.comparingDouble(i -> -matrix[i][i]))
            .toList();
    return new PrincipalComponents(
        order.stream().map(i -> Math.max(0, matrix[i][i])).toList(),
        order.stream().map(i -> direction(vectors, i)).toList());
  }

  /** Turns the axes p and q so that they do not vary together. */
  private static void rotate(double[][] matrix, double[][] vectors, int p, int q) {
    double together = matrix[p][q];
    if (together == 0) {
      return;
    }
    double theta = (matrix[q][q] - matrix[p][p]) / (2 * together);
    double tangent = Math.copySign(1, theta) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
    double cosine = 1 / Math.sqrt(tangent * tangent + 1);
    double sine = tangent * cosine;
    for (int k = 0; k < matrix.length; k++) {
      turn(matrix[k], p, q, cosine, sine);
      turn(vectors[k], p, q, cosine, sine);
    }
    for (int k = 0; k < matrix.length; k++) {
      double first = matrix[p][k];
      double second = matrix[q][k];
      matrix[p][k] = cosine * first - sine * second;
      matrix[q][k] = sine * first + cosine * second;
    }
    matrix[p][q] = 0;
    matrix[q][p] = 0;
  }

  private static void turn(double[] row, int p, int q, double cosine, double sine) {
    double first = row[p];
    double second = row[q];
    row[p] = cosine * first - sine * second;
    row[q] = sine * first + cosine * second;
  }

  private static List<Double> direction(double[][] vectors, int column) {
    int largest = 0;
    for (int i = 1; i < vectors.length; i++) {
      if (Math.abs(vectors[i][column]) > Math.abs(vectors[largest][column])) {
        largest = i;
      }
    }
    double sign = vectors[largest][column] < 0 ? -1 : 1;
    List<Double> direction = new ArrayList<>();
    for (double[] row : vectors) {
      direction.add(sign * row[column] + 0.0); // no negative zero
    }
    return direction;
  }
}

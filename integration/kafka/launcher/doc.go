// Command launcher is the entry point of the broker image that image.sh builds, which has no shell.
//
// It keeps the official image's contract as far as the tests use it: server.properties comes mounted below
// /mnt/shared/config, the cluster id and the JVM's heap options come from the environment, and storage is formatted at
// the first start only.
package main

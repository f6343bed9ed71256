// Package document cuts a file or the value of a Kafka record into JSON documents, however it is packed.
//
// In go bytes: plain, compressed, in UTF-8 or UTF-16, a sequence of JSON documents or the CSV export of Okta's admin
// console. Out come the texts of the documents with their places; whether a text is JSON is for the reader to say. What is
// broken costs itself and not its neighbours. The package must know neither Kafka nor envelopes.
package document

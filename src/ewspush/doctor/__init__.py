"""The doctor: is a push responder right? What it sees is what the server would see."""

//! Passwords that administrators give to others.

use grantor_api::PasswordPolicy;

/// Letters and digits that nobody mistakes for one another; as many as five bits can tell apart.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Letters that say enough, 100 bits, whatever less a tenant demands.
const LEAST: usize = 20;

/// Letters between two hyphens.
const GROUP: usize = 5;

/// How many random bytes [`generate`] wants.
#[must_use]
pub fn bytes_needed(min_length: u32) -> usize {
    LEAST.max(usize::try_from(min_length).unwrap_or(LEAST))
}

/// A password of random bytes, a letter for each, in groups that can be read out.
#[must_use]
pub fn generate(random: &[u8]) -> String {
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect();
    letters.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// What a tenant demands of passwords, for whoever makes one; what every tenant does where its policy is not known.
#[must_use]
pub fn policy_in_words(policy: Option<&PasswordPolicy>) -> String {
    let not_own = "neither the username nor the name in the email address";
    let Some(PasswordPolicy { min_length, forbidden_words }) = policy else {
        return format!("As the tenant\u{2019}s password policy wants it, with {not_own} in it.");
    };
    let words = if forbidden_words.is_empty() {
        String::new()
    } else {
        format!(", nor any of: {}", forbidden_words.join(", "))
    };
    format!("At least {min_length} characters, with {not_own} in it{words}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generated_password_has_a_letter_for_every_byte_and_can_be_read_out() {
        let bytes: Vec<u8> = (0..=255).collect();
        let password = generate(&bytes);
        assert_eq!(password.replace('-', "").len(), bytes.len());
        assert!(password.starts_with("abcde-fghij-kmnpq-rstuv-wxyz2-34567-89abc-"));
        assert_eq!(generate(&[0, 31, 32, 255]), "a9a9");
    }

    #[test]
    fn a_generated_password_is_as_long_as_the_tenant_wants() {
        assert_eq!((bytes_needed(8), bytes_needed(64)), (20, 64));
        assert_eq!(generate(&[7; 20]).split('-').count(), 4);
    }

    #[test]
    fn the_policy_is_said_in_a_sentence() {
        let policy = PasswordPolicy { min_length: 14, forbidden_words: vec!["acme".into(), "robot".into()] };
        assert_eq!(
            policy_in_words(Some(&policy)),
            "At least 14 characters, with neither the username nor the name in the email address in it, \
             nor any of: acme, robot."
        );
        assert!(policy_in_words(None).contains("policy"));
    }
}

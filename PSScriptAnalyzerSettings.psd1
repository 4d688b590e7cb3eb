@{
    Severity = @('Error', 'Warning')
    ExcludeRules = @(
        # Pester's blocks share variables and script parameters in a way that these two rules do not see.
        'PSUseDeclaredVarsMoreThanAssignments'
        'PSReviewUnusedParameter'
    )
}
